"""The database's clock, without asking it every time."""

import time
from collections.abc import Callable
from typing import Final

from api.fresh import Fresh
from domain.instants import Duration, Instant

_ONLY: Final = 0


class DatabaseClock:
    """Between two looks at the database's clock, a second apart at most, the steady clock of this machine goes on."""

    def __init__(self, read: Callable[[], Instant]) -> None:
        self._ahead: Fresh[int, Duration] = Fresh(lambda _: read() - _steady())

    async def now(self) -> Instant:
        """Raises ``StoreAway``."""
        ahead = await self._ahead.soon(_ONLY)
        assert ahead is not None
        return _steady() + ahead


def _steady() -> Instant:
    return time.monotonic_ns() // 1000
