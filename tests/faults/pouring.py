"""Facts of some customers go into the log all the while, many of them late, past any service."""

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from api.wiring import Service
from tests.faults.senders import PAUSE, a_fact


@contextmanager
def pouring(wired: Service, name: str = "poured") -> Iterator[None]:
    stopping = threading.Event()

    def pour() -> None:
        for turn in itertools.count():
            wired.log.intake.append([[a_fact(f"{name}-{turn}", turn)]])
            if stopping.wait(PAUSE):
                return

    thread = threading.Thread(target=pour)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()
