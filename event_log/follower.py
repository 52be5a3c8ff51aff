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
        """Drop the rows of these customers: of who is parked, and before they are written from the beginning."""
        ...

    def write(
        self,
        connection: Connection[TupleRow],
        customers: Sequence[CustomerFacts],
        publications: Sequence[Publication],
        known: int,
        until: Instant,
    ) -> Iterable[tuple[UUID, Exception]]:
        """Bring the rows of these customers from what stood up to position ``known`` to what they and ``until`` say.

        With ``known`` 0 they have no rows. Returns those it could not fold, each with the reason.
        """
        ...


class Follower:
    """Follows the log for one projection. Any number may run: they take turns on the tracking row."""

    def __init__(self, pool: Pool, reading_: Reading, projection: Projection, page: int = PAGE) -> None:
        self._pool = pool
        self._reading = reading_
        self._projection = projection
        self._page = page
        self._name = {"projection": projection.name}

    def begin(self) -> None:
        """Call once per start: parked customers are tried again with the release that now runs."""
        with reading(self._pool) as connection, connection.transaction():
            connection.execute(_QUERIES["begin"], self._name)
            released = [customer for (customer,) in connection.execute(_QUERIES["release"], self._name)]
            position, until = self._locked(connection)
            self._projection.forget(connection, released)
            self._refold(connection, released, 0, Tracking(position, until))

    def tracking(self) -> Tracking:
        with reading(self._pool) as connection:
            row = connection.execute(_QUERIES["tracking"], self._name).fetchone()
        return Tracking(*row) if row is not None else Tracking(0, 0)

    def step(self) -> bool:
        """Work one page and all that is due, in one transaction; returns whether there may be more to read.

        Raises ``StoreAway``; then nothing was written.
        """
        with reading(self._pool) as connection, connection.transaction():
            known, worked = self._locked(connection)
            now = self._reading.settled()
            entries = self._reading.transactions(known, self._page)
            more = len(entries) >= self._page
            recorded = entries[-1].recorded_at if entries else 0
            # What is read later was recorded later: a belief must not be carried on beyond the next change of it.
            until = max(worked, recorded) if more else max(worked, recorded, now)
            position = entries[-1].position if entries else known
            self._work(connection, entries, Tracking(known, worked), Tracking(position, until))
            crashpoint("follow.rows_without_position")
            values = {**self._name, "position": position, "worked_until": until}
            connection.execute(_QUERIES["advance"], values)
            crashpoint("follow.before_commit")
        crashpoint("follow.after_commit")
        return more

    def _work(
        self, connection: Connection[TupleRow], entries: Sequence[Entry], before: Tracking, after: Tracking
    ) -> None:
        blocked = {customer for (customer,) in connection.execute(_QUERIES["blocked"], self._name)}
        touched = {*self._touched(entries)} - blocked
        due = {*self._projection.due(connection, after.worked_until)} - blocked
        # After a clock was set back something may be recorded at an instant that was already worked.
        anew = {*self._touched(entry for entry in entries if entry.recorded_at <= before.worked_until)} - blocked
        self._projection.forget(connection, sorted(anew))
        self._refold(connection, sorted(anew), 0, after)
        self._refold(connection, sorted((touched | due) - anew), before.position, after)

    def _locked(self, connection: Connection[TupleRow]) -> tuple[int, Instant]:
        row = connection.execute(_QUERIES["lock"], self._name).fetchone()
        assert row is not None
        return row[0], row[1]

    def _touched(self, entries: Iterable[Entry]) -> Iterator[UUID]:
        """A publication may change where anybody stands."""
        entries = list(entries)
        if any(entry.topic == PUBLICATION for entry in entries):
            for numbers in self._reading.everybody(TOGETHER):
                yield from numbers
        yield from (entry.originator_id for entry in entries if entry.topic != PUBLICATION)

    def _refold(self, connection: Connection[TupleRow], customers: Sequence[UUID], known: int, after: Tracking) -> None:
        if not customers:
            return
        publications = self._reading.publications(after.position)
        for some in _batches(customers, TOGETHER):
            read = self._reading.customers(some, after.position)
            sound = [found for found in read.values() if not isinstance(found, EntryDamaged)]
            damaged = [(number, found) for number, found in read.items() if isinstance(found, EntryDamaged)]
            failed = [*damaged, *self._projection.write(connection, sound, publications, known, after.worked_until)]
            self._projection.forget(connection, [customer for customer, _ in failed])
            for customer, error in failed:
                # The kind of error only: its text could hold what a person wrote.
                values = {"customer": customer, "position": after.position, "reason": type(error).__name__}
                connection.execute(_QUERIES["park"], {**self._name, **values})


def _batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
