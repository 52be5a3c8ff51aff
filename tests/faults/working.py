"""`trailbook work` in a thread of the test's own, so that what it is made of can be replaced."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from api.settings import Settings
from api.wiring import Service
from api.worker import work


@contextmanager
def working(settings: Settings) -> Iterator[None]:
    stopping = threading.Event()
    thread = threading.Thread(target=work, args=(settings, stopping))
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def is_followed(wired: Service) -> bool:
    """Whether everything that is stored is worked."""
    return wired.board.worked()[0] == wired.log.reading.head()
