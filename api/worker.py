"""`trailbook work`: this process's share of all that follows the log, kept going whatever happens to the database."""

import os
import signal
import sys
import threading
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

import structlog

from api.archiving import archive_kept
from api.backtesting import Start, backtests_run
from api.beside import beside
from api.kept_backtests import KeptBacktests
from api.logs import log_to
from api.settings import Settings
from api.wiring import archive_in, database, filled_from_archive, master_key, wired_log
from domain.instants import Instant, of_datetime
from domain.refusals import Unavailable, WrongMasterKey
from event_log.connections import Pool, open_pool
from event_log.crashpoint import plan_crash
from event_log.followers import Followers
from event_log.leases import Lease
from event_log.waking import Bell
from projections.journeys import JourneysProjection
from projections.rebuild import Rebuild

IDLE: Final = 0.25
"""Seconds between two looks at the log when nobody rings."""
GATHER: Final = 0.02
"""Seconds in which more may come before the next page is worked."""
LONGEST_PAUSE: Final = 5.0
LONGEST_STATEMENT: Final = 600.0
LONGEST_REST: Final = 15.0
"""Seconds after which the database takes a follower that rests within a transaction for dead."""


def work(settings: Settings, stopping: threading.Event) -> None:
    """Follow the log until told to stop, or until the process it works for is gone.

    A lost database is a pause; an unforeseen error is logged and tried again. Raises ``WrongMasterKey``.
    """
    plan_crash(settings.crash_at)
    log_to(sys.stderr)
    with database(settings) as conninfo:
        pool = follower_pool(conninfo)
        backtests = backtests_run(KeptBacktests(pool), _started_beside(conninfo, settings))
        with closing(pool), closing(Bell(conninfo)) as bell, backtests, archive_kept(pool, conninfo, settings, now()):
            _follow(pool, bell, settings, stopping)


def _started_beside(conninfo: str, settings: Settings) -> Start:
    theirs = {"TRAILBOOK_DATABASE_URL": conninfo, "TRAILBOOK_HOME": str(settings.home.resolve())}
    return lambda id, runner: beside(["run-backtest", str(id), str(runner)], theirs)


def follower_pool(conninfo: str) -> Pool:
    """Connections to follow with. What is derived may be lost in a crash of the database: its position goes with it."""
    return open_pool(
        conninfo, size=3, statement_timeout=LONGEST_STATEMENT, idle_in_transaction=LONGEST_REST, durable=False
    )


@dataclass(frozen=True, slots=True)
class Work:
    """What there is to do, under a follower's number of its own."""

    followers: Followers
    rebuild: Rebuild


def work_of(pool: Pool, settings: Settings) -> Work:
    log = wired_log(pool, master_key(settings.home))
    prepared = filled_from_archive(pool, log, archive_in(settings))
    journeys = JourneysProjection(log.reading, os.urandom, prepared)
    followers = Followers(pool, log.reading, {journeys.name: journeys}, uuid4(), now)
    return Work(followers, Rebuild(pool, log.reading, journeys))


def now() -> Instant:
    return of_datetime(datetime.now(UTC))


def _follow(pool: Pool, bell: Bell, settings: Settings, stopping: threading.Event) -> None:
    ours: Work | None = None
    pause = IDLE
    try:
        while not stopping.is_set() and settings.parent in (None, os.getppid()):
            try:
                if ours is None:
                    made = work_of(pool, settings)
                    made.followers.begin()
                    ours = made
                more = ours.followers.step(_said)
                if ours.followers.build and not more:
                    ours.rebuild.finish_if_ready()
                pause = IDLE
            except WrongMasterKey:
                raise
            except Exception as error:
                pause, more = min(LONGEST_PAUSE, pause * 2), False
                # The kind of error only: its text could hold what a person wrote.
                structlog.get_logger().warning("followers wait", kind=type(error).__name__, seconds=pause)
                stopping.wait(pause)
            if not more and not stopping.wait(GATHER):
                bell.wait(IDLE)
    finally:
        with suppress(Unavailable):
            if ours is not None:
                ours.followers.give_back()


def _said(lease: Lease, error: Exception) -> None:
    log = structlog.get_logger().bind(projection=lease.projection, version=lease.version, partition=lease.partition)
    log.warning("follower waits", kind=type(error).__name__)


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    return stopping
