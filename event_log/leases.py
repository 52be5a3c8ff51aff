"""Which partition of a projection is worked by whom: leases that end by themselves, each with an epoch that fences."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow

from domain.instants import SECOND, Duration
from event_log.connections import Pool, reading
from event_log.named_sql import named_queries

_QUERIES = named_queries(Path(__file__).with_suffix(".sql"))

LEASE: Final[Duration] = 10 * SECOND
"""How long a partition is held without a word: the longest pause after a follower has died."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A partition (of ``partitions`` customers are parted into) of one version of a projection, held under an epoch.

    ``building`` says that the version does not answer yet.
    """

    projection: str
    version: int
    partition: int
    epoch: int
    partitions: int
    building: bool = False

    @property
    def schema(self) -> str:
        """Where the tables of this version are."""
        return f"{self.projection}_{self.version}"

    def holds(self, customer: UUID) -> bool:
        """Whether a customer is of this partition; as the function ``partition_of`` of the database says it."""
        return customer.bytes[0] % self.partitions == self.partition

    def values(self) -> dict[str, object]:
        """As queries name them."""
        return {
            "projection": self.projection,
            "version": self.version,
            "partition": self.partition,
            "epoch": self.epoch,
            "partitions": self.partitions,
        }


class Leases:
    """The leases of one follower, ``holder``. Every method raises ``StoreAway``."""

    def __init__(self, pool: Pool, holder: UUID, lease: Duration = LEASE) -> None:
        self._pool = pool
        self._values = {"holder": holder, "lease": lease}

    def held(self) -> list[Lease]:
        """Take this follower's share, give back what is more than that, and say what it holds."""
        with reading(self._pool) as connection:
            for query in ("seen", "forget_silent", "renew", "surplus"):
                connection.execute(_QUERIES[query], self._values)
            while self._taken(connection):
                pass
            return [Lease(*row) for row in connection.execute(_QUERIES["held"], self._values)]

    def give_back(self) -> None:
        """So that others need not wait for the leases to end."""
        with reading(self._pool) as connection, connection.transaction():
            for query in ("give_back", "leave"):
                connection.execute(_QUERIES[query], self._values)

    def _taken(self, connection: Connection[TupleRow]) -> bool:
        return connection.execute(_QUERIES["take"], self._values).fetchone() is not None
