"""All that one process follows: its share of the partitions of every projection, each worked in turn."""

from collections.abc import Callable
from pathlib import Path
from typing import Final
from uuid import UUID

from domain.instants import Duration, Instant
from domain.refusals import Unavailable
from event_log.connections import Pool, reading
from event_log.follower import PAGE, Follower, Projections
from event_log.leases import LEASE, Lease, Leases
from event_log.named_sql import named_queries
from event_log.reading import Reading
from event_log.turns import LeaseLost, Turns

_QUERIES = named_queries(Path(__file__).with_suffix(".sql"))

SHARES: Final = 4
"""How often within a lease the shares are looked at anew."""


class Followers:
    """``holder`` is the number of this follower among all there are; ``clock`` gives the present instant."""

    def __init__(
        self,
        pool: Pool,
        log: Reading,
        projections: Projections,
        holder: UUID,
        clock: Callable[[], Instant],
        *,
        page: int = PAGE,
        lease: Duration = LEASE,
    ) -> None:
        self._pool = pool
        self._log = log
        self._projections = projections
        self._leases = Leases(pool, holder, lease)
        self._clock = clock
        self._page = page
        self._length = lease
        self._working: dict[Lease, Follower] = {}
        self._looked_at: Instant | None = None

    def begin(self) -> None:
        """Call once per start: parked customers are tried again with the release that now runs."""
        with reading(self._pool) as connection:
            connection.execute(_QUERIES["try_parked_again"])

    def step(self, failed: Callable[[Lease, Exception], None] | None = None) -> bool:
        """Let every partition that is held work one page; returns whether any may have more to read.

        An error of one is told to ``failed`` and hinders no other; without it, it is raised. A lost lease is no error.
        """
        self._look_at_shares()
        more = False
        for lease, follower in [*self._working.items()]:
            try:
                more = follower.step() or more
            except LeaseLost:
                self._working.pop(lease)
                self._looked_at = None
            except Exception as error:
                if failed is None:
                    raise
                failed(lease, error)
                if not isinstance(error, Unavailable):
                    follower.waits(error)
        return more

    @property
    def build(self) -> bool:
        """Whether a version that does not answer yet is among what is held."""
        return any(lease.building for lease in self._working)

    def give_back(self) -> None:
        """What is held goes to others at once."""
        self._working.clear()
        self._looked_at = None
        self._leases.give_back()

    def _look_at_shares(self) -> None:
        now = self._clock()
        if self._looked_at is not None and 0 <= now - self._looked_at < self._length // SHARES:
            return
        held = self._leases.held()
        self._working = {lease: self._working.get(lease) or self._follower(lease) for lease in held}
        self._looked_at = now

    def _follower(self, lease: Lease) -> Follower:
        projection = self._projections[lease.projection]
        turns = Turns(self._pool, lease, self._length)
        return Follower(turns, self._log, projection, lease, self._page)
