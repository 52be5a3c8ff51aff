"""Waiting for other processes: until it is so, and not longer than is reasonable."""

import time
from collections.abc import Callable

from domain.refusals import Unavailable

SOON = 20.0
"""Seconds."""


def seconds_until(done: Callable[[], bool], within: float = SOON) -> float:
    """How long it took; who cannot be asked at the moment is not done."""
    begun = time.monotonic()
    while not _is(done):
        assert time.monotonic() < begun + within, f"not within {within:.0f} s"
        time.sleep(0.02)
    return time.monotonic() - begun


def _is(done: Callable[[], bool]) -> bool:
    try:
        return done()
    except Unavailable:
        return False
