"""Commands of ours as processes beside us: kept running or run once, told to stop with us, and gone when we are."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Final

LOOK: Final = 0.2
"""Seconds between two looks at what runs beside us."""
LONGEST_PAUSE: Final = 10.0
"""Seconds at most between two starts of what dies again and again."""
SOUND: Final = 60.0
"""Seconds after which a process is taken for one that lives."""
PATIENCE: Final = 10.0
"""Seconds in which what was told to stop must have ended; then it is killed."""

Start = Callable[[], subprocess.Popen[bytes]]


def beside(
    command: Sequence[str], settings: Mapping[str, str], inherits: Sequence[int] = ()
) -> subprocess.Popen[bytes]:
    """Start a command with our environment and these settings; ``inherits`` are file descriptors it shares with us.

    The command ends by itself when the process that started it is gone.
    """
    return subprocess.Popen(
        [sys.executable, "-m", "api.cli", *command],
        env={**os.environ, **settings, "TRAILBOOK_PARENT": str(os.getpid())},
        stdout=subprocess.DEVNULL,
        pass_fds=inherits,
        # Ctrl-C at the terminal is for us; what runs beside us is told to stop when we do.
        start_new_session=True,
    )


@contextmanager
def running_once(start: Start) -> Iterator[None]:
    """One process, which may end before we do."""
    process = start()
    try:
        yield
    finally:
        end_all([process])


@contextmanager
def kept_running(start: Start, count: int = 1) -> Iterator[None]:
    """So many processes, each started again whenever it dies: at once, or later if it does so again and again."""
    kept = [_Kept(start) for _ in range(count)]
    stopping = threading.Event()

    def watch() -> None:
        while not stopping.wait(LOOK):
            for one in kept:
                # No process or memory to be had at this moment: at the next look, then.
                with suppress(OSError):
                    one.look(time.monotonic())

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        stopping.set()
        watcher.join()
        end_all([one.process for one in kept])


def ended_without(parent: int | None) -> None:
    """Have this process told to stop when the one that it works for is gone; ``None``: it works for nobody."""

    def watch() -> None:
        never = threading.Event()
        while parent in (None, os.getppid()):
            never.wait(LOOK)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


class _Kept:
    def __init__(self, start: Start) -> None:
        self._start = start
        self._pause = 0.0
        self._started_at = time.monotonic()
        self.process = start()

    def look(self, now: float) -> None:
        lived = now - self._started_at
        if self.process.poll() is None:
            self._pause = 0.0 if lived > SOUND else self._pause
        elif lived >= self._pause:
            self._pause = min(LONGEST_PAUSE, max(0.5, self._pause * 2))
            self._started_at = now
            self.process = self._start()


def end_all(processes: Iterable[subprocess.Popen[bytes]]) -> None:
    """Tell all of them first, so that they end side by side."""
    processes = list(processes)
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + PATIENCE
    for process in processes:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
