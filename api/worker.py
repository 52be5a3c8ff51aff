"""`trailbook work`: one follower per projection, kept going whatever happens to the database."""

import os
import signal
import threading

import structlog

from api.settings import Settings
from api.wiring import database, master_key, wired_log
from event_log.connections import Pool, open_pool
from event_log.crashpoint import plan_crash
from event_log.follower import Follower
from projections.journeys import JourneysProjection

IDLE = 0.25
"""Seconds between two looks at the log when nothing was left to do."""
LONGEST_PAUSE = 5.0


def work(settings: Settings, stopping: threading.Event) -> None:
    """Follow the log until told to stop, or until the process it works for is gone.

    A lost database is a pause; an unforeseen error is logged and tried again.
    """
    plan_crash(settings.crash_at)
    log = structlog.get_logger()
    with database(settings) as conninfo:
        # A page is folded inside its transaction, which may take longer than a writer is ever allowed.
        pool = open_pool(conninfo, size=2, statement_timeout=600, idle_in_transaction=600)
        pause = IDLE
        follower: Follower | None = None
        try:
            while not stopping.is_set() and settings.parent in (None, os.getppid()):
                try:
                    follower = follower or _begun(pool, settings)
                    more = follower.step()
                    pause = 0.0 if more else IDLE
                except Exception as error:
                    pause = min(LONGEST_PAUSE, max(pause, IDLE) * 2)
                    # The kind of error only: its text could hold what a person wrote.
                    log.warning("follower waits", kind=type(error).__name__, seconds=pause)
                stopping.wait(pause)
        finally:
            pool.close()


def _begun(pool: Pool, settings: Settings) -> Follower:
    follower = Follower(pool, wired_log(pool, master_key(settings.home)).reading, JourneysProjection())
    follower.begin()
    return follower


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    return stopping
