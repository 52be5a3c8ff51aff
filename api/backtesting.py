"""Backtests that wait are run one after the other, each in a process of its own that gives way to everybody else."""

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final
from uuid import UUID, uuid4

import structlog

from api.beside import end_all
from api.kept_backtests import KeptBacktests, NoLongerOurs
from domain.refusals import Unavailable

LOOK: Final = 0.25
"""Seconds between two looks at the process, each of which says that we live and hears of a cancel."""
PAUSE: Final = 1.0
"""Seconds between two looks for one that waits."""

Start = Callable[[UUID, UUID], "subprocess.Popen[bytes]"]
"""Starts the process that runs a backtest, by its id, as a runner."""


@contextmanager
def backtests_run(kept: KeptBacktests, start: Start) -> Iterator[None]:
    """One at a time, as long as the context is open; the one under way at its end is given back and waits again."""
    stopping = threading.Event()

    def run() -> None:
        while not stopping.is_set():
            more = False
            try:
                more = run_next(kept, start, stopping)
            except Unavailable:
                # Whoever follows the log beside us says so.
                pass
            except Exception as error:
                # The kind of error only, as the followers say it.
                structlog.get_logger().warning("backtests wait", kind=type(error).__name__)
            if not more:
                stopping.wait(PAUSE)

    runner = threading.Thread(target=run, daemon=True)
    runner.start()
    try:
        yield
    finally:
        stopping.set()
        runner.join()


def run_next(kept: KeptBacktests, start: Start, stopping: threading.Event) -> bool:
    """Take the one that has waited longest and see it through; whether there was one. Raises ``StoreAway``."""
    runner = uuid4()
    id = kept.take(runner)
    if id is None:
        return False
    process = None
    try:
        process = start(id, runner)
        while process.poll() is None and not stopping.wait(LOOK):
            # The database may be away for a while; its process will say so if it cannot go on.
            with suppress(Unavailable):
                kept.beat(id, runner)
    except NoLongerOurs:
        # Done, cancelled, or another's: there is nothing left to do here.
        pass
    finally:
        if process is not None:
            end_all([process])
        if stopping.is_set():
            with suppress(NoLongerOurs):
                kept.give_back(id, runner)
        else:
            kept.give_up(runner)
    return True
