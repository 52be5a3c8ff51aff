"""`head.json`, kept outside the database: how far the log was known to go, so that a log that went back is noticed."""

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import structlog

from domain.refusals import LogWentBack, Refusal, Unavailable
from event_log.connections import Pool, reading
from event_log.ledger import EMPTY, Head, head_of, holds

EVERY: Final = 1.0
"""Seconds between two looks at the end of the log."""


class HeadUnreadable(Refusal):
    """head.json in TRAILBOOK_HOME cannot be read; put it back from a copy, or take it away if nothing can be lost."""


class HeadFile:
    """The file in one home folder."""

    def __init__(self, home: Path) -> None:
        self._path = home / "head.json"

    def read(self) -> Head | None:
        """None where nothing was ever written. Raises ``HeadUnreadable``."""
        try:
            said = json.loads(self._path.read_bytes())
            return Head(int(said["position"]), bytes.fromhex(said["leaf_hash"]))
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            raise HeadUnreadable() from None

    def write(self, head: Head) -> None:
        """The old content or the new one, whatever happens meanwhile."""
        made = self._path.with_suffix(f".{os.getpid()}")
        with made.open("w", encoding="ascii") as file:
            json.dump({"position": head.position, "leaf_hash": head.leaf_hash.hex()}, file)
            file.flush()
            os.fsync(file.fileno())
        made.replace(self._path)


def refuse_older(pool: Pool, file: HeadFile, accepted: int | None) -> None:
    """Raise ``LogWentBack`` where the log does not hold what it was known to hold.

    ``accepted`` is the position it was known to reach, by which somebody says that this loss is meant: then the log
    as it is becomes what is known.
    """
    known = file.read()
    if known is None:
        return
    with reading(pool) as connection:
        held, present = holds(connection, known), head_of(connection)
    if held:
        # From here on no other server is taken that lacks it.
        pool.witness.saw(known.position, known.leaf_hash)
    elif accepted == known.position:
        file.write(present)
    else:
        raise LogWentBack(f"{loss(known, present)} If that is meant, start once with {accepting(known)}.")


def loss(known: Head, present: Head) -> str:
    """What is missing in a log that ends at ``present``, as a sentence."""
    if present.position >= known.position:
        return f"At position {known.position} stands something else than was stored there."
    lost = known.position - present.position
    return f"It was known to reach position {known.position} and ends at {present.position}: {lost} positions are lost."


def accepting(known: Head) -> str:
    return f"TRAILBOOK_ACCEPT_OLDER_THAN={known.position}"


@contextmanager
def head_watched(pool: Pool, file: HeadFile, every: float = EVERY) -> Iterator[None]:
    """Write down about once a second where the log ends, and say when the database goes away and comes back."""
    stopping = threading.Event()
    watch = _Watch(pool, file)

    def run() -> None:
        while not stopping.wait(every):
            watch.look()

    thread = threading.Thread(target=run, name="head", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()
        watch.look()


class _Watch:
    def __init__(self, pool: Pool, file: HeadFile) -> None:
        self._pool = pool
        self._file = file
        self._written = file.read() or EMPTY
        self._away: str | None = None
        self._log = structlog.get_logger()

    def look(self) -> None:
        try:
            with reading(self._pool) as connection:
                head = head_of(connection)
        except Unavailable as refusal:
            kind = type(refusal).__name__
            if kind != self._away:
                self._log.warning("database away", kind=kind)
            self._away = kind
            return
        if self._away is not None:
            self._log.warning("database back")
            self._away = None
        if head.position > self._written.position:
            self._write(head)

    def _write(self, head: Head) -> None:
        # Others store as well; what they stored is not to be missed in another database either.
        self._pool.witness.saw(head.position, head.leaf_hash)
        try:
            self._file.write(head)
            self._written = head
        except OSError as error:
            # A full disk, say: the log itself is not hurt, and what is known now is known still.
            self._log.warning("head not written", kind=type(error).__name__)
