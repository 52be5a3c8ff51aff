"""The archive kept in the background, by a process of its own: followers do not wait, and its memory goes with it."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog

from api.beside import beside
from api.settings import Settings
from domain.instants import Instant
from event_log.connections import Pool
from projections.archive_due import is_due

LOOK: Final = 5.0
"""Seconds between two looks at whether there is enough to do."""
LONGEST_PAUSE: Final = 300.0
"""Seconds at most between two tries of what fails again and again."""


@contextmanager
def archive_kept(pool: Pool, conninfo: str, settings: Settings, begun: Instant) -> Iterator[None]:
    """As long as the context is open; ``begun`` is the present instant."""
    stopping = threading.Event()
    theirs = {"TRAILBOOK_DATABASE_URL": conninfo, "TRAILBOOK_HOME": str(settings.home.resolve())}
    keeper = threading.Thread(target=_keep, args=(pool, theirs, begun, stopping), daemon=True)
    keeper.start()
    try:
        yield
    finally:
        stopping.set()
        keeper.join()


def _keep(pool: Pool, theirs: dict[str, str], begun: Instant, stopping: threading.Event) -> None:
    pause = LOOK
    while not stopping.wait(pause):
        try:
            sound = not is_due(pool, begun) or _kept(beside(["archive", "keep"], theirs), stopping)
            kind = "archive keep"
        except Exception as error:
            # The kind of error only: its text could hold what a person wrote.
            sound, kind = False, type(error).__name__
        pause = LOOK if sound else min(LONGEST_PAUSE, pause * 2)
        if not sound and not stopping.is_set():
            structlog.get_logger().warning("archive waits", kind=kind, seconds=pause)


def _kept(process: subprocess.Popen[bytes], stopping: threading.Event) -> bool:
    """Whether it has done what it should; killed at any moment it leaves the archive as it was, or further."""
    while process.poll() is None:
        if stopping.wait(0.1):
            process.kill()
    return process.wait() == 0
