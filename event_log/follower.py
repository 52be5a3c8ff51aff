"""A page of entries -> rows and position in one transaction; the same transaction works what has become due."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow

from domain.instants import SECOND, Duration, Instant
from event_log.crashpoint import crashpoint
from event_log.entry import PUBLICATION, Entry
from event_log.leases import Lease
from event_log.reading import Reading
from event_log.state import Publication
from event_log.turns import Tracking, Turn, Turns

PAGE: Final = 5000
"""Entries of one transaction."""
TOGETHER: Final = 200
"""Customers held in memory at once."""
QUIET: Final[Duration] = 2 * SECOND
"""How far ``worked_until`` may lie back where nothing is to be done, before that alone is worth a transaction."""

NOTHING: Final = Tracking(0, 0)
"""Where an empty partition stands."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Touched:
    """A customer whose rows must change: her ``entries`` that are new to them, or none where time alone has passed.

    ``anew``: whatever the rows say is to be forgotten; it may be wrong.
    """

    number: UUID
    entries: tuple[Entry, ...] = ()
    anew: bool = False


@dataclass(frozen=True, slots=True)
class Filled:
    """Where rows stand that were made all at once; ``failed`` are the customers who could not be folded, and why."""

    tracking: Tracking
    failed: Sequence[tuple[UUID, Exception]]


class Projection(Protocol):
    """What a follower keeps up to date: rows that are a function of a customer's facts and the rulebooks."""

    name: str

    def filling(self, lease: Lease) -> Callable[[Connection[TupleRow]], Filled] | None:
        """What makes all rows of an empty partition at once, as if it had been followed; ``None``: it must be followed.

        Asked outside of a transaction, and called within one.
        """
        ...

    def due(self, connection: Connection[TupleRow], until: Instant) -> Iterable[UUID]:
        """Whose rows change by the mere passing of time up to and including ``until``."""
        ...

    def forget(self, connection: Connection[TupleRow], customers: Sequence[UUID]) -> None:
        """Drop the rows of these customers: of who is parked, and before they are written from the beginning."""
        ...

    def write(
        self,
        connection: Connection[TupleRow],
        customers: Sequence[Touched],
        publications: Sequence[Publication],
        before: Tracking,
        after: Tracking,
    ) -> Iterable[tuple[UUID, Exception]]:
        """Bring the rows of these customers from what stood ``before`` to what stands ``after``.

        Returns those it could not fold, each with the reason.
        """
        ...


class Follower:
    """Follows the log for one partition of a projection, as long as its lease is not taken over."""

    def __init__(self, turns: Turns, reading: Reading, projection: Projection, lease: Lease, page: int = PAGE) -> None:
        self._turns = turns
        self._reading = reading
        self._projection = projection
        self._lease = lease
        self._page = page
        self._publications: Sequence[Publication] | None = None
        self._may_be_filled = lease.building

    def step(self) -> bool:
        """Work one page and all that is due, in one transaction; returns whether there may be more to read.

        A version that is built from nothing is filled at once, where the projection can; that is tried once.
        Raises ``LeaseLost``, ``StoreAway``; then nothing was written.
        """
        if self._may_be_filled:
            self._may_be_filled = False
            if self._fill():
                return True
        with self._turns.begun() as turn:
            before = turn.tracking()
            if before is None:
                return False
            now = self._reading.settled()
            page = self._reading.page_of_partition(before.position, self._page, self._lease)
            # What is read later was recorded later: a belief must not be carried on beyond the next change of it.
            until = max(before.worked_until, page.recorded_at, 0 if page.more else now)
            after = Tracking(page.position, until)
            touched = [*self._touched(turn, page.entries, before, after)]
            if not touched and after.position == before.position and until < before.worked_until + QUIET:
                return False
            self._write(turn, touched, before, after)
            crashpoint("follow.rows_without_position")
            turn.advance(after)
            crashpoint("follow.before_commit")
        crashpoint("follow.after_commit")
        return page.more

    def _fill(self) -> bool:
        with self._turns.begun() as turn:
            if turn.tracking() != NOTHING:
                return False
        filling = self._projection.filling(self._lease)
        if filling is None:
            return False
        with self._turns.begun() as turn:
            if turn.tracking() != NOTHING:
                return False
            filled = filling(turn.connection)
            for customer, error in filled.failed:
                turn.park(customer, filled.tracking.position, type(error).__name__)
            turn.advance(filled.tracking)
            crashpoint("fill.before_commit")
        return True

    def waits(self, error: Exception) -> None:
        """Say for others to see what it waits for."""
        self._turns.waits(error)

    def _touched(self, turn: Turn, entries: Sequence[Entry], before: Tracking, after: Tracking) -> Iterable[Touched]:
        released, blocked = turn.released(), turn.blocked()
        own: dict[UUID, list[Entry]] = {}
        for entry in entries:
            if entry.topic != PUBLICATION:
                own.setdefault(entry.originator_id, []).append(entry)
        due = self._projection.due(turn.connection, after.worked_until)
        numbers = {*own, *released, *filter(self._lease.holds, due)}
        published = [entry for entry in entries if entry.topic == PUBLICATION]
        if published:
            self._publications = None
            # A publication may change where anybody stands.
            numbers.update(*self._reading.everybody(TOGETHER, self._lease))
        for number in sorted(numbers - blocked):
            new = tuple(own.get(number, ()))
            # After a clock was set back something may be recorded at an instant that was already worked.
            anew = any(entry.recorded_at <= before.worked_until for entry in (*published, *new))
            yield Touched(number, new, anew or number in released)

    def _write(self, turn: Turn, touched: Sequence[Touched], before: Tracking, after: Tracking) -> None:
        if not touched:
            return
        publications = self._published_by(after.position)
        for some in _batches(touched, TOGETHER):
            self._projection.forget(turn.connection, [customer.number for customer in some if customer.anew])
            failed = [*self._projection.write(turn.connection, some, publications, before, after)]
            self._projection.forget(turn.connection, [customer for customer, _ in failed])
            positions = {customer.number: customer.entries[-1].position for customer in some if customer.entries}
            for customer, error in failed:
                # The kind of error only: its text could hold what a person wrote.
                turn.park(customer, positions.get(customer, after.position), type(error).__name__)

    def _published_by(self, position: int) -> Sequence[Publication]:
        """Read once: whatever is published later comes by as an entry of its own."""
        if self._publications is None:
            self._publications = self._reading.publications(position)
        # After a crash of the database that lost the last turns, a page may end before what is known already.
        return [one for one in self._publications if one.position <= position]


def _batches(items: Sequence[T], size: int) -> Iterable[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


Projections = Mapping[str, Projection]
"""By name."""
