"""Commands: facts that are stored only if what is known of a customer allows it, decided again if that has changed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from psycopg import Cursor
from psycopg.rows import TupleRow

from domain.facts import Data, Fact
from domain.instants import Instant
from domain.refusals import CustomerErased, FactsConflict, Fault, Refusal, Unavailable, UnknownCustomer
from domain.strict_json import canonical
from event_log.connections import Pool, snapshot
from event_log.drafting import Draft, Drafting
from event_log.entry import Entry
from event_log.intake import lines_of
from event_log.judging import judge
from event_log.keys import Holder, holders
from event_log.named_sql import named_queries
from event_log.reading import END, Reading
from event_log.recorder import LogRecorder
from event_log.sealing import CustomerKey, MasterKey
from event_log.state import Publication, SealedFact, open_fact, open_publication
from event_log.writing import Writing, stream

SOURCE: Final = "trailbook"

Decide = Callable[[Fact, Sequence[Fact], Sequence[Publication]], Sequence[Fact]]
"""The fact asked for, at the present instant; the customer's facts in order of position; all publications.

Returns the facts that go with it, or raises a refusal. It may be asked several times.
"""

_QUERIES = named_queries(Path(__file__).with_suffix(".sql")) | named_queries(Path(__file__).with_name("reading.sql"))


@dataclass(frozen=True, slots=True)
class Command:
    """The fact that is asked for, less its time, which the log gives it. ``id`` is the idempotency key, or random."""

    type: str
    customer: str
    data: Data
    id: str

    def at(self, instant: Instant) -> Fact:
        return Fact(SOURCE, self.id, self.type, self.customer, instant, data=self.data)


@dataclass(frozen=True, slots=True)
class Decided:
    """The stored facts of a command, the one asked for first. ``repeated``: the log had them already."""

    facts: tuple[Fact, ...]
    repeated: bool = False

    @property
    def position(self) -> int:
        return max(fact.position or 0 for fact in self.facts)


@dataclass(frozen=True, slots=True)
class _Known:
    """What a decision is made on; nothing has come between while ``holder`` and ``newest_publication`` stay."""

    holder: Holder
    key: CustomerKey
    facts: list[Fact]
    publications: list[Publication]

    @property
    def newest_publication(self) -> int:
        return self.publications[-1].position if self.publications else 0


class Decisions:
    """Appends what commands make."""

    def __init__(
        self, pool: Pool, recorder: LogRecorder, drafting: Drafting, log_reading: Reading, master: MasterKey
    ) -> None:
        self._pool = pool
        self._recorder = recorder
        self._drafting = drafting
        self._reading = log_reading
        self._master = master

    def append(self, command: Command, decide: Decide) -> Decided:
        """Store the fact that is asked for, with what ``decide`` adds to it, in one transaction.

        The same command under the same id is answered with what it made the first time, whatever has happened since.
        Raises what ``decide`` raises, ``UnknownCustomer``, ``CustomerErased``, ``TooLarge``, ``FactsConflict`` (another
        content under an id, with its position), ``StoreAway`` and ``FateUnknown``; nothing is stored then.
        """
        earlier = self._earlier(command)
        if earlier is not None:
            return earlier
        try:
            return self._decided(command, decide)
        except Unavailable:
            raise
        except Refusal:
            # Of two that ask the same at once, the second may be refused for what the first has just changed.
            earlier = self._earlier(command)
            if earlier is None:
                raise
            return earlier

    def _earlier(self, command: Command) -> Decided | None:
        """What the same command made before. Raises ``FactsConflict`` where it was another one."""
        found = self._reading.fact(SOURCE, command.id)
        if found is None:
            return None
        if isinstance(found, SealedFact):
            raise CustomerErased()
        if canonical(found.content()) != canonical(command.at(found.occurred_at).content()):
            reason = "Another content is stored under this source and id."
            raise FactsConflict(faults=[Fault(reason, position=found.position)])
        further = (fact for fact in self._reading.customer(command.customer).facts if _goes_with(found, fact))
        return Decided((found, *further), repeated=True)

    def _decided(self, command: Command, decide: Decide) -> Decided:
        known, now = self._known_now(command.customer)
        drafts = self._drafts(command, decide, known, now)
        identities = [draft.identity_hash for draft in drafts]
        return self._recorder.write(identities, lambda writing: self._store(writing, command, decide, known, drafts))

    def _store(
        self, writing: Writing, command: Command, decide: Decide, known: _Known, drafts: Sequence[Draft]
    ) -> Decided:
        if self._master.identity_hash(SOURCE, command.id) in writing.known:
            raise FactsConflict()
        if self._has_changed(writing, command, known):
            known = self._opened(self._read(writing.cursor, command.customer))
            drafts = self._drafts(command, decide, known, writing.now)
            writing.look_up([draft.identity_hash for draft in drafts])
        (outcome,), accepted = judge([drafts], writing.known, writing.head)
        if isinstance(outcome, Refusal):
            raise outcome
        stored = lines_of(accepted, {accepted[0].subject_hash: known.holder.version}, writing.head)
        writing.insert(stored, {})
        return Decided(
            tuple(
                replace(draft.fact, recorded_at=writing.now, position=line.position)
                for draft, line in zip(accepted, stored, strict=True)
            )
        )

    def _has_changed(self, writing: Writing, command: Command, known: _Known) -> bool:
        subject_hash = self._master.subject_hash(command.customer)
        holder = writing.holders([subject_hash]).get(subject_hash)
        newest_publication = writing.cursor.execute(_QUERIES["newest_publication"]).fetchone()
        return (holder, newest_publication) != (known.holder, (known.newest_publication,))

    def _drafts(self, command: Command, decide: Decide, known: _Known, now: Instant) -> Sequence[Draft]:
        asked = command.at(_instant_of_its_own(known, now))
        drafted = self._drafting.drafted([asked, *decide(asked, known.facts, known.publications)])
        if isinstance(drafted, Refusal):
            raise drafted
        self._drafting.seal(drafted.drafts, lambda _: known.key)
        return drafted.drafts

    def _known_now(self, customer: str) -> tuple[_Known, Instant]:
        with snapshot(self._pool) as connection, connection.cursor() as cursor:
            read = self._read(cursor, customer)
            # Read last: nothing that was recorded when the facts were read can lie ahead of it.
            row = cursor.execute(_QUERIES["clock"]).fetchone()
        assert row is not None
        return self._opened(read), row[0]

    def _read(self, cursor: Cursor[TupleRow], customer: str) -> tuple[Holder, list[Entry], list[Entry]]:
        """Raises ``UnknownCustomer``."""
        subject_hash = self._master.subject_hash(customer)
        holder = holders(cursor, [subject_hash], with_versions=True).get(subject_hash)
        if holder is None:
            raise UnknownCustomer()
        published = cursor.execute(_QUERIES["journeys"], {"position": END}, binary=True).fetchall()
        return holder, stream(cursor, holder.number), [Entry(*row) for row in published]

    def _opened(self, read: tuple[Holder, list[Entry], list[Entry]]) -> _Known:
        """Raises ``CustomerErased``, ``EntryDamaged``."""
        holder, entries, published = read
        key = holder.key(self._master)
        if key is None:
            raise CustomerErased()
        facts = [fact for entry in entries if isinstance(fact := open_fact(entry, key), Fact)]
        return _Known(holder, key, facts, [open_publication(entry) for entry in published])


def _instant_of_its_own(known: _Known, now: Instant) -> Instant:
    """The first instant from now on at which nothing else happens to her, so that the fact comes after all of it."""
    taken = {fact.occurred_at for fact in known.facts} | {found.effective_from for found in known.publications}
    while now in taken:
        now += 1
    return now


def _goes_with(first: Fact, fact: Fact) -> bool:
    """Whether a fact was made by the command that made ``first``: in one transaction, under an id that goes on."""
    return fact.recorded_at == first.recorded_at and fact.source == SOURCE and fact.id.startswith(f"{first.id}:")
