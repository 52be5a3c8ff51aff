"""Reading the log: pages by position, one customer, many customers at once, and the two kinds of "until when"."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from domain.facts import Fact
from domain.instants import SECOND, Instant, rfc_3339
from domain.refusals import AheadOfNow, EntryDamaged, UnknownCustomer, UnknownPosition
from event_log.connections import Pool, reading
from event_log.entry import FACT, PUBLICATION, Entry
from event_log.keys import holders, keys_of
from event_log.leases import Lease
from event_log.named_sql import named_queries
from event_log.recorder import LogRecorder, restored
from event_log.sealing import CustomerKey, MasterKey
from event_log.state import Publication, SealedFact, open_fact, open_publication

_QUERIES = named_queries(Path(__file__).with_suffix(".sql"))

END: Final = 2**62
"""Behind every position."""
LOOKED_AT: Final = 10_000
"""How many positions one page of one type looks at, so that a rare type does not read the whole log in one call."""
RECENT: Final = 60 * SECOND
"""Longer than any writer can hold the lock; what was recorded before that is committed or gone."""


@dataclass(frozen=True, slots=True)
class Page:
    """Facts in order of position. The next page begins after ``looked_at``, also when no fact was found."""

    facts: tuple[Fact | SealedFact, ...]
    looked_at: int


@dataclass(frozen=True, slots=True)
class PartitionPage:
    """Entries of a partition in order of position; ``position`` is how far it has been read with them.

    ``recorded_at`` is when the entry at ``position`` was recorded, of whichever partition it is.
    """

    entries: list[Entry]
    position: int
    recorded_at: Instant
    more: bool


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """What the log holds of one customer, in order of position. Erased: no ``subject``, and ``sealed`` facts only."""

    number: UUID
    subject: str | None
    facts: list[Fact] = field(default_factory=list)
    sealed: list[SealedFact] = field(default_factory=list)

    @property
    def erased(self) -> bool:
        return self.subject is None

    def up_to(self, position: int) -> "CustomerFacts":
        """The same customer as known at a position; perhaps with nothing known yet."""
        facts = [fact for fact in self.facts if (fact.position or 0) <= position]
        sealed = [fact for fact in self.sealed if fact.position <= position]
        return CustomerFacts(self.number, self.subject, facts, sealed)


class Reading:
    """Every method raises ``StoreAway`` when the database is; a damaged entry is ``EntryDamaged``."""

    def __init__(self, pool: Pool, recorder: LogRecorder, master: MasterKey) -> None:
        self._pool = pool
        self._recorder = recorder
        self._master = master

    def head(self) -> int:
        """The last position, 0 of an empty log."""
        return int(self._one("head"))

    def now(self) -> Instant:
        """The database's clock."""
        return int(self._one("now"))

    def present(self) -> tuple[Instant, int]:
        """The present instant and the last position then."""
        ((now, head),) = self._rows("present")
        return now, head

    def settled(self) -> Instant:
        """The present instant; whatever is recorded at or before it can be read from now on."""
        now = self.now()
        self._one("pass_through_lock")
        return now

    def position_at(self, known_at: Instant) -> int:
        """The last position recorded at or before ``known_at``; nothing more can come to be. Raises ``AheadOfNow``."""
        now = self.now()
        if known_at > now:
            raise AheadOfNow(f"It is {rfc_3339(now)}.")
        if known_at > now - RECENT:
            self._one("pass_through_lock")
        return int(self._one("position_at", known_at=known_at))

    def entries(self, after: int, limit: int) -> list[Entry]:
        """The next entries of any topic, as stored."""
        return self._entries("page", after=after, last=END, limit=limit)

    def page_of_partition(self, after: int, limit: int, lease: Lease) -> PartitionPage:
        """The next entries of a partition, ``limit`` or somewhat more: what one transaction wrote is never torn apart.

        Publications are of every partition.
        """
        head, recorded_at = next(iter(self._rows("end")), (0, 0))
        own = {"partition": lease.partition, "partitions": lease.partitions}
        entries = self._entries("page_of_partition", after=after, last=head, limit=limit, **own)
        if len(entries) < limit:
            return PartitionPage(entries, max(after, head), recorded_at, more=False)
        last = entries[-1]
        entries += self._entries("rest_of_transaction", after=last.position, recorded_at=last.recorded_at, **own)
        return PartitionPage(entries, entries[-1].position, entries[-1].recorded_at, more=True)

    def facts_at(self, positions: Iterable[int]) -> dict[int, Fact | SealedFact]:
        """The facts at these positions, each of which holds one."""
        opened = self.opened(self._entries("of_positions", positions=sorted(positions)))
        return {fact.position or 0: fact for fact in opened if not isinstance(fact, Publication)}

    def opened(self, entries: Iterable[Entry]) -> list[Fact | SealedFact | Publication]:
        """What these entries say, in the same order."""
        entries = list(entries)
        keys = self.keys({entry.originator_id for entry in entries if entry.topic == FACT})
        return [_opened(entry, keys) for entry in entries]

    def page(self, after: int, limit: int, *, type: str | None = None, subject: str | None = None) -> Page:
        """The next facts, of one type or one customer where asked; an unknown customer has none."""
        head = self.head()
        if subject is not None:
            number, last = self.number(subject), head
            entries = self._entries("page_of_customer", number=number, after=after, last=last, type=type, limit=limit)
        elif type is not None:
            last = min(after + LOOKED_AT, head)
            entries = self._entries("page_of_type", after=after, last=last, type=type, limit=limit)
        else:
            last = min(after + limit, head)
            entries = self._entries("page", after=after, last=last, limit=limit)
        looked_at = entries[-1].position if len(entries) == limit else max(after, last)
        facts = tuple(fact for fact in self.opened(entries) if not isinstance(fact, Publication))
        return Page(facts, looked_at)

    def at(self, position: int) -> Fact | SealedFact | Publication:
        """Raises ``UnknownPosition``."""
        return self.opened([self.entry(position)])[0]

    def entry(self, position: int) -> Entry:
        """As stored, for proofs. Raises ``UnknownPosition``."""
        found = self._entries("at_position", position=position)
        if not found:
            raise UnknownPosition()
        return found[0]

    def fact(self, source: str, id: str) -> Fact | SealedFact | None:
        """The fact of this identity, if there is one."""
        position = self._one("position_of", identity=self._master.identity_hash(source, id))
        if position is None:
            return None
        found = self.at(position)
        return None if isinstance(found, Publication) else found

    def number(self, subject: str) -> UUID | None:
        """The number under which the log knows a customer."""
        number: UUID | None = self._one("number_of", subject=self._master.subject_hash(subject))
        return number

    def numbers(self, after: UUID, limit: int) -> list[UUID]:
        """Customer numbers in order, from ``UUID(int=0)`` on: to walk over all customers."""
        return [number for (number,) in self._rows("numbers", after=after, limit=limit)]

    def everybody(self, together: int, lease: Lease | None = None) -> Iterator[list[UUID]]:
        """All customer numbers, of one partition where asked, some at a time."""
        after = UUID(int=0)
        while numbers := self.numbers(after, together):
            yield [number for number in numbers if lease is None or lease.holds(number)]
            after = numbers[-1]

    def count(self) -> int:
        """How many customers there are."""
        return int(self._one("count"))

    def customer(self, subject: str, position: int | None = None) -> CustomerFacts:
        """One customer's facts, up to a position where given. Raises ``UnknownCustomer`` (also: not known by then)."""
        subject_hash = self._master.subject_hash(subject)
        with reading(self._pool) as connection, connection.cursor() as cursor:
            holder = holders(cursor, [subject_hash]).get(subject_hash)
        if holder is None:
            raise UnknownCustomer()
        key = holder.key(self._master)
        known = _customer_facts(holder.number, key, restored(self._recorder, holder.number, key))
        known = known if position is None else known.up_to(position)
        if not (known.facts or known.sealed):
            raise UnknownCustomer()
        return known

    def customers(self, numbers: Sequence[UUID], position: int) -> dict[UUID, CustomerFacts | EntryDamaged]:
        """Many customers' facts up to a position, in two queries; who has none is absent, damage stays with one."""
        keys = self.keys(numbers)
        entries: dict[UUID, list[Entry]] = {}
        for entry in self._entries("of_customers", numbers=list(numbers), position=position):
            entries.setdefault(entry.originator_id, []).append(entry)
        found: dict[UUID, CustomerFacts | EntryDamaged] = {}
        for number, own in entries.items():
            try:
                key = _sound(keys.get(number))
                found[number] = _customer_facts(number, key, [open_fact(entry, key) for entry in own])
            except EntryDamaged as refusal:
                found[number] = refusal
        return found

    def publications(self, position: int | None = None) -> list[Publication]:
        """The rulebooks of all journeys in order of publication, up to a position where given."""
        last = END if position is None else position
        return [open_publication(entry) for entry in self._entries("journeys", position=last)]

    def keys(self, numbers: Iterable[UUID]) -> dict[UUID, CustomerKey | EntryDamaged]:
        with reading(self._pool) as connection, connection.cursor() as cursor:
            return keys_of(cursor, self._master, numbers)

    def _entries(self, query: str, **values: Any) -> list[Entry]:
        return [Entry(*row) for row in self._rows(query, **values)]

    def _one(self, query: str, **values: Any) -> Any:
        rows = self._rows(query, **values)
        return rows[0][0] if rows else None

    def _rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        with reading(self._pool) as connection, connection.cursor(binary=True) as cursor:
            return cursor.execute(_QUERIES[query], values).fetchall()


def _opened(entry: Entry, keys: dict[UUID, CustomerKey | EntryDamaged]) -> Fact | SealedFact | Publication:
    if entry.topic == PUBLICATION:
        return open_publication(entry)
    return open_fact(entry, _sound(keys.get(entry.originator_id)))


def _sound(key: CustomerKey | EntryDamaged | None) -> CustomerKey | None:
    if isinstance(key, EntryDamaged):
        raise key
    return key


def _customer_facts(number: UUID, key: CustomerKey | None, facts: Iterable[Fact | SealedFact]) -> CustomerFacts:
    found = CustomerFacts(number, None if key is None else key.subject)
    for fact in facts:
        if isinstance(fact, Fact):
            found.facts.append(fact)
        else:
            found.sealed.append(fact)
    return found
