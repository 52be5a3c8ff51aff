"""What people who run it look at and change: how far each projection is, who is parked, pause and resume."""

from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Literal
from uuid import UUID

from domain.instants import Instant
from domain.refusals import NothingParked, UnknownProjection
from event_log.connections import Pool, reading, snapshot
from event_log.named_sql import named_queries

_QUERIES = named_queries(Path(__file__).with_suffix(".sql"))


@dataclass(frozen=True, slots=True)
class Partition:
    """``holder`` is who follows for it now; ``waits_for`` the kind of error that holds it up."""

    number: int
    position: int
    worked_until: Instant
    holder: UUID | None
    waits_for: str | None


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a projection; ``parked`` counts the customers it has set aside."""

    projection: str
    version: int
    state: Literal["building", "live", "kept"]
    paused: bool
    parked: int
    partitions: tuple[Partition, ...]

    @property
    def position(self) -> int:
        """Up to here all of it is worked."""
        return min(partition.position for partition in self.partitions)

    @property
    def worked_until(self) -> Instant:
        return min(partition.worked_until for partition in self.partitions)


@dataclass(frozen=True, slots=True)
class Status:
    """Where the log ends, the present instant, and every version there is."""

    head: int
    now: Instant
    versions: tuple[Version, ...]


@dataclass(frozen=True, slots=True)
class Parked:
    """A customer whose facts could not be applied; erased without ``customer``. ``position`` is of the last of them."""

    projection: str
    version: int
    customer: str | None
    number: UUID
    position: int
    reason: str
    parked_at: Instant
    again: bool


class Operating:
    """Every method raises ``StoreAway``."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def status(self) -> Status:
        with snapshot(self._pool) as connection:
            head, now = connection.execute(_QUERIES["ends"]).fetchone() or (0, 0)
            parked = {(name, version): n for name, version, n in connection.execute(_QUERIES["parked_of"])}
            rows = connection.execute(_QUERIES["partitions"]).fetchall()
        versions = []
        for (name, number, state, paused), own in groupby(rows, key=lambda row: row[:4]):
            partitions = tuple(Partition(*row[4:]) for row in own)
            versions.append(Version(name, number, state, paused, parked.get((name, number), 0), partitions))
        return Status(head, now, tuple(versions))

    def pause(self, projection: str) -> None:
        """Its rows stand still; the log goes on. Again is harmless. Raises ``UnknownProjection``."""
        self._set_paused(projection, True)

    def resume(self, projection: str) -> None:
        """Raises ``UnknownProjection``."""
        self._set_paused(projection, False)

    def parked(self, after: int, limit: int) -> list[Parked]:
        """Those of the live versions behind a position; ``limit`` or a few more."""
        with reading(self._pool) as connection:
            rows = connection.execute(_QUERIES["parked"], {"after": after, "limit": limit})
            return [Parked(*row) for row in rows]

    def try_again(self, position: int) -> None:
        """Who is parked at this position is tried again by the follower in a moment. Raises ``NothingParked``."""
        with reading(self._pool) as connection:
            if not connection.execute(_QUERIES["try_again"], {"position": position}).rowcount:
                raise NothingParked()

    def _set_paused(self, projection: str, paused: bool) -> None:
        with reading(self._pool) as connection:
            values = {"projection": projection, "paused": paused}
            if not connection.execute(_QUERIES["set_paused"], values).rowcount:
                raise UnknownProjection()
