"""A page of entries -> rows and position in one transaction; the same transaction works what has become due."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow

from domain.instants import Instant
from domain.refusals import EntryDamaged
from event_log.connections import Pool, reading
from event_log.crashpoint import crashpoint
from event_log.entry import PUBLICATION, Entry
from event_log.named_sql import named_queries
from event_log.reading import CustomerFacts, Reading
from event_log.state import Publication

_QUERIES = named_queries(Path(__file__).with_suffix(".sql"))

PAGE = 5000
"""Entries of one transaction."""
TOGETHER = 200
"""Customers held in memory at once."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Tracking:
    """Rows are the fold of what stands up to ``position``, as of ``worked_until``."""

    position: int
    worked_until: Instant


class Projection(Protocol):
    """What a follower keeps up to date: rows that are a function of a customer's facts and the rulebooks."""

    name: str

    def due(self, connection: Connection[TupleRow], until: Instant) -> Iterable[UUID]:
        """Whose rows change by the mere passing of time up to and including ``until``."""
        ...

    def forget(self, connection: Connection[TupleRow], customers: Sequence[UUID]) -> None:
        """Drop the rows of these customers; before they are written anew, and of who is parked."""
        ...

    def write(
        self,
        connection: Connection[TupleRow],
        customers: Sequence[CustomerFacts],
        publications: Sequence[Publication],
        until: Instant,
    ) -> Iterable[tuple[UUID, Exception]]:
        """Add the rows of these customers, who have none; returns those it could not fold, each with the reason."""
        ...


class Follower:
    """Follows the log for one projection. Any number may run: they take turns on the tracking row."""

    def __init__(self, pool: Pool, reading_: Reading, projection: Projection) -> None:
        self._pool = pool
        self._reading = reading_
        self._projection = projection
        self._name = {"projection": projection.name}

    def begin(self) -> None:
        """Call once per start: parked customers are tried again with the release that now runs."""
        with reading(self._pool) as connection, connection.transaction():
            connection.execute(_QUERIES["begin"], self._name)
            released = [customer for (customer,) in connection.execute(_QUERIES["release"], self._name)]
            position, until = self._locked(connection)
            self._refold(connection, released, position, until)

    def tracking(self) -> Tracking:
        with reading(self._pool) as connection:
            row = connection.execute(_QUERIES["tracking"], self._name).fetchone()
        return Tracking(*row) if row is not None else Tracking(0, 0)

    def step(self) -> bool:
        """Work one page and all that is due, in one transaction; returns whether there may be more to read.

        Raises ``StoreAway``; then nothing was written.
        """
        with reading(self._pool) as connection, connection.transaction():
            position, until = self._locked(connection)
            entries = self._reading.entries(position, PAGE)
            position = entries[-1].position if entries else position
            affected = {*self._touched(entries), *self._projection.due(connection, until)}
            blocked = {customer for (customer,) in connection.execute(_QUERIES["blocked"], self._name)}
            self._refold(connection, sorted(affected - blocked), position, until)
            crashpoint("follow.rows_without_position")
            values = {**self._name, "position": position, "worked_until": until}
            connection.execute(_QUERIES["advance"], values)
            crashpoint("follow.before_commit")
        crashpoint("follow.after_commit")
        return len(entries) == PAGE

    def _locked(self, connection: Connection[TupleRow]) -> tuple[int, Instant]:
        row = connection.execute(_QUERIES["lock"], self._name).fetchone()
        assert row is not None
        return row[0], row[1]

    def _touched(self, entries: Sequence[Entry]) -> Iterator[UUID]:
        """A publication may change where anybody stands."""
        if any(entry.topic == PUBLICATION for entry in entries):
            after = UUID(int=0)
            while numbers := self._reading.numbers(after, TOGETHER):
                yield from numbers
                after = numbers[-1]
        yield from (entry.originator_id for entry in entries if entry.topic != PUBLICATION)

    def _refold(
        self, connection: Connection[TupleRow], customers: Sequence[UUID], position: int, until: Instant
    ) -> None:
        publications = self._reading.publications(position)
        for some in _batches(customers, TOGETHER):
            read = self._reading.customers(some, position)
            sound = [found for found in read.values() if not isinstance(found, EntryDamaged)]
            failed = [(number, found) for number, found in read.items() if isinstance(found, EntryDamaged)]
            self._projection.forget(connection, some)
            for customer, error in (*failed, *self._projection.write(connection, sound, publications, until)):
                # The kind of error only: its text could hold what a person wrote.
                values = {"customer": customer, "position": position, "reason": type(error).__name__}
                connection.execute(_QUERIES["park"], {**self._name, **values})


def _batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
