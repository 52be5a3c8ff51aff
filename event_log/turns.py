"""A follower's turn: one transaction in which a partition is its own, as long as its lease stands."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow

from domain.instants import Duration, Instant
from event_log.connections import Pool, reading
from event_log.leases import LEASE, Lease
from event_log.named_sql import named_queries

_QUERIES = named_queries(Path(__file__).with_suffix(".sql"))


class LeaseLost(Exception):
    """Another follower has taken this partition over; whatever was under way here was not written."""


@dataclass(frozen=True, slots=True)
class Tracking:
    """Rows are the fold of what stands up to ``position``, as of ``worked_until``."""

    position: int
    worked_until: Instant


class Turns:
    """The turns of one partition under one lease; ``length`` is how long the lease goes on after each."""

    def __init__(self, pool: Pool, lease: Lease, length: Duration = LEASE) -> None:
        self._pool = pool.at_version(lease.schema)
        self._values = {**lease.values(), "lease": length}

    @contextmanager
    def begun(self) -> Iterator["Turn"]:
        """A turn, which ends with the context. Raises ``StoreAway``; then nothing of it was written."""
        with reading(self._pool) as connection, connection.transaction():
            yield Turn(connection, self._values)

    def waits(self, error: Exception) -> None:
        """Say for others to see what it waits for."""
        # The kind of error only: its text could hold what a person wrote.
        with reading(self._pool) as connection:
            connection.execute(_QUERIES["waits"], {**self._values, "reason": type(error).__name__})


class Turn:
    """What a follower may do in its turn; all of it happens, or nothing. The projection uses ``connection``."""

    def __init__(self, connection: Connection[TupleRow], values: dict[str, Any]) -> None:
        self.connection = connection
        self._values = values

    def tracking(self) -> Tracking | None:
        """Where the partition is; ``None`` while its version is to stand still. Raises ``LeaseLost``."""
        row = self._execute("lock").fetchone()
        if row is None:
            raise LeaseLost
        return None if row[0] is None else Tracking(*row)

    def released(self) -> set[UUID]:
        """The parked customers that are to be tried again; they are parked no more."""
        return {customer for (customer,) in self._execute("release")}

    def blocked(self) -> set[UUID]:
        """The customers that are parked."""
        return {customer for (customer,) in self._execute("blocked")}

    def park(self, customer: UUID, position: int, reason: str) -> None:
        """Set a customer aside, with the kind of error."""
        self._execute("park", customer=customer, position=position, reason=reason)

    def advance(self, after: Tracking) -> None:
        """Where the partition is now; the lease goes on from here."""
        self._execute("advance", position=after.position, worked_until=after.worked_until)

    def _execute(self, query: str, **values: Any) -> Any:
        return self.connection.execute(_QUERIES[query], {**self._values, **values})
