"""What follows from a customer's facts on every journey: her stage, her trail, her opportunities, whose she is."""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from msgspec.json import encode
from psycopg import Connection
from psycopg.rows import TupleRow

from domain.facts import Fact
from domain.journey.beliefs import Late
from domain.refusals import EntryDamaged
from event_log.follower import NOTHING, Filled, Touched
from event_log.leases import Lease
from event_log.named_sql import named_queries
from event_log.published import versions_by_journey
from event_log.reading import Reading
from event_log.sealing import CustomerKey, RandomBytes
from event_log.state import Publication, open_fact
from event_log.turns import Tracking
from projections import kept, opportunities, trail
from projections.derived import Derived, Known, Versions, derived
from projections.kept import Keeping, Kept

_QUERIES = named_queries(Path(__file__).with_suffix(".sql"))


BELIEFS: Final = 200
"""So many are folded between two signs of life."""
TOGETHER: Final = 200
"""So many customers are derived together who were not filled with the others."""


@dataclass(frozen=True, slots=True)
class Made:
    """Where rows stand that were all made at once, and of which customers they are."""

    tracking: Tracking
    customers: Container[UUID]


Filling = Callable[[Connection[TupleRow]], Made]
"""Makes all rows of an empty partition but those of some customers, within a transaction."""


class JourneysProjection:
    """Tables ``standing``, ``stays``, ``trail``, ``opportunities``, ``sellers`` and ``kept``: one position.

    Facts in order continue from what was kept of a customer; for what is late everything known of her is read.
    ``prepared`` says what fills an empty partition at once; without it, it is followed from the beginning.
    """

    name = "journeys"

    def __init__(
        self, log: Reading, random_bytes: RandomBytes, prepared: Callable[[Lease], Filling | None] = lambda lease: None
    ) -> None:
        self._log = log
        self._random_bytes = random_bytes
        self._prepared = prepared

    def filling(self, lease: Lease) -> Callable[[Connection[TupleRow]], Filled] | None:
        filling = self._prepared(lease)
        return None if filling is None else partial(self._fill, lease, filling)

    def _fill(self, lease: Lease, filling: Filling, connection: Connection[TupleRow]) -> Filled:
        made = filling(connection)
        publications = self._log.publications(made.tracking.position)
        failed: list[tuple[UUID, Exception]] = []
        for numbers in self._log.everybody(TOGETHER, lease):
            left = [Touched(number, anew=True) for number in numbers if number not in made.customers]
            if left:
                failed += self.write(connection, left, publications, NOTHING, made.tracking)
        self.forget(connection, [number for number, _ in failed])
        return Filled(made.tracking, failed)

    def due(self, connection: Connection[TupleRow], until: int) -> Iterable[UUID]:
        return [customer for (customer,) in connection.execute(_QUERIES["due"], {"until": until})]

    def forget(self, connection: Connection[TupleRow], customers: Sequence[UUID]) -> None:
        if customers:
            for query in ("forget_standing", "forget_stays", "forget_sellers"):
                connection.execute(_QUERIES[query], {"customers": list(customers)})
            for queries in (trail.QUERIES, opportunities.QUERIES, kept.QUERIES):
                connection.execute(queries["forget"], {"customers": list(customers)})

    def write(
        self,
        connection: Connection[TupleRow],
        customers: Sequence[Touched],
        publications: Sequence[Publication],
        before: Tracking,
        after: Tracking,
    ) -> Iterable[tuple[UUID, Exception]]:
        found = self._log.keys(customer.number for customer in customers)
        keys = {number: key for number, key in found.items() if isinstance(key, CustomerKey)}
        # Nothing is derived of who was erased; what her erasure carries stands in the log.
        self.forget(connection, [customer.number for customer in customers if customer.number not in found])
        customers = [customer for customer in customers if customer.number in keys]
        failed: dict[UUID, Exception] = {
            number: refusal for number, refusal in found.items() if isinstance(refusal, EntryDamaged)
        }
        batch = _Batch(publications, before, after, keys, failed, _Beat(connection))
        late = batch.carry_on(customers, kept.newest(connection, keys))
        batch.read_anew(late, self._log)
        _write(connection, batch.derived)
        keeping = [Keeping(keys[one.number], one.version, one.carried, one.anew) for one in batch.derived]
        kept.keep(connection, keeping, self._random_bytes)
        return failed.items()


class _Batch:
    """Some customers, derived each by itself; whatever a fold stumbles on concerns that customer only."""

    def __init__(
        self,
        publications: Sequence[Publication],
        before: Tracking,
        after: Tracking,
        keys: Mapping[UUID, CustomerKey],
        failed: dict[UUID, Exception],
        beat: Callable[[], None],
    ) -> None:
        self._versions = versions_by_journey(publications)
        self._versions_before = versions_by_journey(one for one in publications if one.position <= before.position)
        self._before = before
        self._after = after
        self._keys = keys
        self._failed = failed
        self._beat = beat
        self.derived: list[Derived] = []

    def carry_on(self, customers: Sequence[Touched], states: Mapping[UUID, Kept]) -> list[Touched]:
        """Go on from what was kept; returns those for whom that does not do."""
        late = []
        for customer in customers:
            state = states.get(customer.number)
            if state is None or customer.anew or not _follows(customer, state):
                late.append(customer)
                continue
            try:
                key = self._keys[customer.number]
                learned = [fact for entry in customer.entries if isinstance(fact := open_fact(entry, key), Fact)]
                self._derive(customer.number, Known(learned, state, key.subject), self._versions_before)
            except Late:
                late.append(customer)
            except Exception as error:
                self._failed[customer.number] = error
        return late

    def read_anew(self, customers: Sequence[Touched], log: Reading) -> None:
        """From all that is known."""
        if not customers:
            return
        read = log.customers([customer.number for customer in customers], self._after.position)
        for customer in customers:
            found = read.get(customer.number)
            if found is None:
                # Everybody is touched by a publication, also who became known after this page.
                continue
            try:
                if isinstance(found, EntryDamaged):
                    raise found
                held = 0 if customer.anew else self._before.position
                learned = [fact for fact in found.facts if (fact.position or 0) > held]
                known = Known(learned, None, found.subject or "", found.facts)
                self._derive(customer.number, known, {} if customer.anew else self._versions_before)
            except Exception as error:
                self._failed[customer.number] = error

    def _derive(self, number: UUID, known: Known, versions_before: Versions) -> None:
        until = self._after.worked_until
        self.derived.append(derived(number, known, self._versions, versions_before, until, self._beat))


class _Beat:
    """Lets the database hear from us while much is folded: a transaction that rests too long is ended."""

    def __init__(self, connection: Connection[TupleRow]) -> None:
        self._connection = connection
        self._beliefs = 0

    def __call__(self) -> None:
        self._beliefs += 1
        if self._beliefs % BELIEFS == 0:
            self._connection.execute(_QUERIES["beat"])


def _follows(customer: Touched, state: Kept) -> bool:
    """Whether her new entries are those right after what was kept."""
    return not customer.entries or customer.entries[0].originator_version == state.version + 1


def _write(connection: Connection[TupleRow], customers: Sequence[Derived]) -> None:
    standing = [row for one in customers for row in one.standing]
    stays = {key: rows for one in customers for key, rows in one.stays.items()}
    if standing:
        _rows(connection, "put_standing", standing)
    if stays:
        journeys, numbers = zip(*stays, strict=True)
        connection.execute(_QUERIES["drop_stays"], {"journeys": list(journeys), "customers": list(numbers)})
        _rows(connection, "add_stays", [row for rows in stays.values() for row in rows])
    trail.TABLE.believe(connection, {key: own for one in customers for key, own in one.steps.items()})
    opportunities.TABLE.believe(connection, {key: own for one in customers for key, own in one.spells.items()})
    sold = [one for one in customers if one.staff_changed]
    if sold:
        connection.execute(_QUERIES["forget_sellers"], {"customers": [one.number for one in sold]})
        _rows(
            connection,
            "add_sellers",
            [{"customer": one.number, "staff": one.staff} for one in sold if one.staff is not None],
        )


def _rows(connection: Connection[TupleRow], query: str, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        connection.execute(_QUERIES[query], {"rows": encode(rows).decode()})
