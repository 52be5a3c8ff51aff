"""Where the parts are worked: one after the other, or by threads of this process. Elsewhere: ``on_ray``."""

from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Protocol, TypeVar

Worked = TypeVar("Worked")


class Engine(Protocol):
    """Works every part once and yields what came of it, in any order; closed early, it begins no further part.

    ``work`` is picklable.
    """

    def __call__(self, work: Callable[[int], Worked], parts: int) -> Generator[Worked, None, None]: ...


def local(threads: int) -> Engine:
    """The compiled work runs without the interpreter's lock; each thread holds one part in memory."""

    def engine(work: Callable[[int], Worked], parts: int) -> Generator[Worked, None, None]:
        pool = ThreadPoolExecutor(threads, "backtest")
        try:
            for done in as_completed([pool.submit(work, part) for part in range(parts)]):
                yield done.result()
        finally:
            pool.shutdown(cancel_futures=True)

    return engine
