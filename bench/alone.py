"""Work in a process of its own, so that its memory is its own and nothing is left over from what ran before."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

_STATUS: Final = Path("/proc/self/status")


def alone(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """What ``work`` returns; it and all it is given must be picklable."""
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        return process.submit(work, *args, **kwargs).result()


def peak_gib() -> float:
    """The most memory this process ever held, mapped files included. (``getrusage`` counts its parent's too.)"""
    (line,) = (line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 2**20
