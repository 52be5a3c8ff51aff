"""What was read at most a second ago, so that not every request has to ask the database for it."""

import asyncio
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from domain.refusals import StoreAway

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

LASTS: Final = 1.0
"""Seconds."""
PATIENCE: Final = 1.0
"""Seconds in which the database answers, or is away."""
MOST: Final = 10_000
"""Answers that are remembered."""


@dataclass(slots=True)
class _Read(Generic[V]):
    value: V
    at: float
    renewing: bool = False


class Fresh(Generic[K, V]):
    """Answers of ``read``, each from at most a second ago; ``None`` is never remembered.

    What is asked for all the time is read anew before it is old, beside the requests: none of them waits.
    """

    def __init__(self, read: Callable[[K], V | None], lasts: float = LASTS) -> None:
        self._read = read
        self._lasts = lasts
        self._found: dict[K, _Read[V]] = {}

    def get(self, key: K) -> V | None:
        """Reads where nothing fresh is there; raises what ``read`` raises."""
        found = self._fresh(key)
        return self._renewed(key) if found is None else found.value

    async def soon(self, key: K) -> V | None:
        """The same, while a thread waits. Raises also ``StoreAway`` for a database that says nothing."""
        found, loop = self._fresh(key), asyncio.get_running_loop()
        if found is None:
            try:
                return await asyncio.wait_for(loop.run_in_executor(None, self._renewed, key), PATIENCE)
            except TimeoutError:
                raise StoreAway() from None
        if not found.renewing and time.monotonic() - found.at > self._lasts / 2:
            found.renewing = True
            loop.run_in_executor(None, self._renew, key)
        return found.value

    def forget(self) -> None:
        """Everything, also what is being read at this moment."""
        self._found = {}

    def _fresh(self, key: K) -> _Read[V] | None:
        found = self._found.get(key)
        return found if found is not None and time.monotonic() - found.at < self._lasts else None

    def _renew(self, key: K) -> None:
        try:
            self._renewed(key)
        except StoreAway:
            # Whoever asks when it has become old is told so.
            return

    def _renewed(self, key: K) -> V | None:
        # Whoever forgets puts another dictionary there: what was read before is not remembered after.
        found, at = self._found, time.monotonic()
        value = self._read(key)
        if value is None:
            found.pop(key, None)
        else:
            if len(found) >= MOST:
                found.clear()
            found[key] = _Read(value, at)
        return value
