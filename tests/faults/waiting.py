"""Waiting for other processes: until it is so, and not longer than is reasonable."""

import time
from collections.abc import Callable

SOON = 20.0
"""Seconds."""


def seconds_until(done: Callable[[], bool]) -> float:
    """How long it took."""
    begun = time.monotonic()
    while not done():
        assert time.monotonic() < begun + SOON
        time.sleep(0.02)
    return time.monotonic() - begun
