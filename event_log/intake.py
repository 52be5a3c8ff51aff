"""The door of the log: many requests in one transaction, each atomic on its own."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, TypeVar
from uuid import UUID

from domain.facts import Fact
from domain.instants import Instant
from domain.refusals import Fault, Refusal, TooLarge
from event_log.connections import Pool, reading
from event_log.drafting import Draft, Drafting, Keys
from event_log.entry import FACT, Entry
from event_log.judging import Outcome, judge
from event_log.keys import Holder, holders
from event_log.recorder import LogRecorder
from event_log.state import FactBytes, fact_bytes
from event_log.writing import Line, Writing

LARGEST_FACT: Final = 256 * 1024
"""Bytes of one fact as JSON."""
LARGEST_GROUP: Final = 2 * 1024 * 1024
"""Bytes of all facts of one transaction; whoever groups requests keeps below it."""

Ready = tuple[Fact, FactBytes]

S = TypeVar("S")
T = TypeVar("T")


class Intake:
    """Appends facts."""

    def __init__(self, pool: Pool, recorder: LogRecorder, drafting: Drafting) -> None:
        self._pool = pool
        self._recorder = recorder
        self._drafting = drafting

    def append(self, requests: Sequence[Sequence[Fact]]) -> list[Outcome]:
        """Store a group of requests in one transaction; the outcome of each in their order.

        A refused request (``FactsConflict``, ``CustomerErased``, ``TooLarge``: a value, not raised) leaves no trace and
        sinks no other. Raises ``TooLarge`` for the group as a whole, ``StoreAway`` and ``FateUnknown``.
        """
        checked = [measured(request) for request in requests]
        ready = _accepted(checked)
        if sum(parts.size for request in ready for _, parts in request) > LARGEST_GROUP:
            raise TooLarge(f"The requests stored together hold at most {LARGEST_GROUP} bytes.")
        hashes = self._drafting.subject_hashes({fact.customer for request in ready for fact, _ in request})
        with reading(self._pool) as connection, connection.cursor() as cursor:
            before = holders(cursor, hashes.values())
        keys = self._drafting.keys(hashes, before)

        def draft(fact: Fact, parts: FactBytes) -> Draft:
            subject_hash = hashes[fact.customer]
            return self._drafting.draft(fact, parts, subject_hash, keys[subject_hash])

        drafts = _each(checked, lambda one: draft(*one))
        identities = {draft.identity_hash for request in _accepted(drafts) for draft in request}
        return self._recorder.write(identities, lambda writing: self._store(writing, drafts, keys, before))

    def _store(
        self,
        writing: Writing,
        drafts: Sequence[Sequence[Draft] | Refusal],
        keys: Keys,
        before: Mapping[bytes, Holder],
    ) -> list[Outcome]:
        now = writing.holders(keys)
        present = self._drafting.present(keys, before, now)
        requests = _each(drafts, lambda draft: self._drafting.under(draft, present[draft.subject_hash]))
        outcomes, accepted = judge(requests, writing.known, writing.head)
        if accepted:
            new = {draft.subject_hash: draft.key for draft in accepted if draft.key and draft.subject_hash not in now}
            versions = {holder.number: holder.version for holder in now.values()}
            writing.insert(lines_of(accepted, versions, writing.head, writing.now), new)
        return outcomes


def _accepted(requests: Iterable[Sequence[S] | Refusal]) -> list[Sequence[S]]:
    return [request for request in requests if not isinstance(request, Refusal)]


def _each(requests: Iterable[Sequence[S] | Refusal], change: Callable[[S], T]) -> list[Sequence[T] | Refusal]:
    """Change every item of the requests that are not refused."""
    return [request if isinstance(request, Refusal) else [change(item) for item in request] for request in requests]


def measured(request: Sequence[Fact]) -> Sequence[Ready] | Refusal:
    """The facts of a request as bytes, or ``TooLarge``."""
    ready = [(fact, fact_bytes(fact)) for fact in request]
    large = [
        Fault(f"A fact has at most {LARGEST_FACT} bytes.", index=index)
        for index, (_, parts) in enumerate(ready)
        if parts.size > LARGEST_FACT
    ]
    if large:
        return TooLarge(faults=large)
    if sum(parts.size for _, parts in ready) > LARGEST_GROUP:
        return TooLarge(f"One request holds at most {LARGEST_GROUP} bytes.")
    return ready


def lines_of(drafts: Sequence[Draft], versions: Mapping[UUID, int], head: int, now: Instant) -> list[Line]:
    """The accepted drafts as entries: positions go on from ``head``, versions from each customer's newest."""
    newest = Counter(versions)
    lines = []
    for position, draft in enumerate(drafts, head + 1):
        assert draft.key is not None
        number = draft.key.number
        newest[number] += 1
        entry = Entry(
            number,
            newest[number],
            FACT,
            draft.state,
            position,
            draft.event_id,
            draft.fact.type,
            draft.fact.occurred_at,
            now,
        )
        lines.append(Line(entry, draft.identity_hash, draft.content_hash))
    return lines
