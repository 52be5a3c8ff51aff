"""Several writers and one reader at the tail, for some seconds; used by the test and, longer, by hand."""

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from uuid import uuid4

from event_log.connections import open_pool
from event_log.log import EventLog, open_log
from tests.event_log.given import MASTER_KEY, a_fact, stored

WRITERS = 4


@dataclass(frozen=True, slots=True)
class Race:
    written: list[int]
    """Positions answered to the writers."""
    seen: list[int]
    """Positions in the order the tailing reader met them."""
    reads: int


def race(database: str, seconds: float) -> Race:
    """Every writer appends one to three facts at a time; the reader asks for what follows the last it has seen."""
    pool = open_pool(database, size=WRITERS + 1)
    log = open_log(pool, MASTER_KEY, uuid4, os.urandom, {})
    end = time.monotonic() + seconds
    writing = threading.Event()
    with ThreadPoolExecutor(WRITERS + 1) as several:
        tail = several.submit(_tail, log, writing.is_set)
        writers = [several.submit(_write, log, writer, end) for writer in range(WRITERS)]
        written = [position for writer in writers for position in writer.result()]
        writing.set()
        seen, reads = tail.result()
    pool.close()
    return Race(written, seen, reads)


def _write(log: EventLog, writer: int, end: float) -> list[int]:
    positions: list[int] = []
    turn = 0
    while time.monotonic() < end:
        turn += 1
        request = [a_fact(f"{writer}-{turn}-{n}", customer=f"c{turn % 5}") for n in range(1 + turn % 3)]
        last = stored(log, *request).position
        positions += range(last - len(request) + 1, last + 1)
    return positions


def _tail(log: EventLog, done: Callable[[], bool]) -> tuple[list[int], int]:
    seen: list[int] = []
    reads = 0
    while True:
        finished = done()
        page = log.reading.entries(seen[-1] if seen else 0, 500)
        seen += [entry.position for entry in page]
        reads += 1
        if finished and not page:
            return seen, reads
