"""The door of the log: many requests in one transaction, each atomic on its own."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from domain.facts import Fact
from domain.refusals import FateUnknown, Refusal, TooLarge
from event_log.acquaintances import Acquaintances
from event_log.drafting import LARGEST_GROUP, Draft, Drafted, Drafting
from event_log.entry import FACT
from event_log.judging import Outcome, judge
from event_log.keys import Holder
from event_log.present import present
from event_log.recorder import LogRecorder
from event_log.writing import Line, Writing

Requests = Sequence[Drafted | Refusal]

FindHolders = Callable[[Collection[bytes]], Mapping[bytes, Holder]]
"""The customers of these hashes of subjects, read without the lock; raises ``StoreAway``."""


@dataclass(frozen=True, slots=True)
class Written:
    """What became of each request, in their order, and what one transaction had to do for it; times in seconds."""

    outcomes: list[Outcome]
    facts: int
    waited_for_lock: float


class Intake:
    """Appends facts."""

    def __init__(self, find_holders: FindHolders, recorder: LogRecorder, drafting: Drafting) -> None:
        self._find_holders = find_holders
        self._recorder = recorder
        self._drafting = drafting
        self._acquaintances = Acquaintances()

    def append(self, requests: Sequence[Sequence[Fact]]) -> list[Outcome]:
        """Store a group of requests in one transaction; the outcome of each in their order.

        A refused request (``FactsConflict``, ``CustomerErased``, ``TooLarge``: a value, not raised) leaves no trace and
        sinks no other. Raises ``TooLarge`` for the group as a whole, ``StoreAway`` and ``FateUnknown``.
        """
        return self.store([self.prepare(request) for request in requests]).outcomes

    def prepare(self, request: Sequence[Fact]) -> Drafted | Refusal:
        """What can be done before the request is stored and without the database; ``TooLarge`` is a value."""
        drafted = self._drafting.drafted(request)
        if isinstance(drafted, Drafted):
            self._drafting.seal(drafted.drafts, self._acquaintances.key)
        return drafted

    def meet(self, requests: Requests) -> None:
        """Look up whoever is not known yet, and seal their facts.

        ``store`` does so itself; done ahead, it keeps nobody waiting. Raises ``StoreAway``.
        """
        drafts = [draft for draft in _drafts(requests) if draft.key is None]
        subjects = {draft.subject_hash: draft.fact.customer for draft in drafts}
        if not subjects:
            return
        found = self._find_holders(subjects)
        keys = {known: self._drafting.key(holder) for known, holder in found.items()}
        self._acquaintances.met({known: key for known, key in keys.items() if key is not None})
        made_up = {one: self._drafting.newcomer(subject) for one, subject in subjects.items() if one not in found}
        self._drafting.seal(drafts, (keys | made_up).get)
        for draft in drafts:
            draft.basis = "looked up" if draft.subject_hash in found else "made up"

    def store(self, requests: Requests, begin: Callable[[Requests], Requests] = list) -> Written:
        """Store prepared requests in one transaction, as ``append`` does.

        ``begin`` is called under the lock before anything is stored, perhaps twice: it is given the requests, and may
        return a refusal in the place of any.
        """
        if sum(request.size for request in requests if isinstance(request, Drafted)) > LARGEST_GROUP:
            raise TooLarge(f"The requests stored together hold at most {LARGEST_GROUP} bytes.")
        self.meet(requests)
        identities = {draft.identity_hash for draft in _drafts(requests)}
        try:
            written, learn = self._recorder.write(identities, lambda writing: self._write(writing, begin(requests)))
        except FateUnknown:
            self._acquaintances.unsure()
            raise
        learn()
        return written

    def _write(self, writing: Writing, requests: Requests) -> tuple[Written, Callable[[], None]]:
        """Returns also what to do once it is certain that all of it is stored."""
        drafts = _drafts(requests)
        known = self._acquaintances.versions(writing.end, {draft.subject_hash for draft in drafts})
        customers = present(writing, drafts, known, self._drafting)
        self._drafting.seal(drafts, customers.keys.get)
        for draft in drafts:
            draft.basis = "made up" if draft.subject_hash in customers.unknown else "looked up"
        judged = [request.drafts if isinstance(request, Drafted) else request for request in requests]
        outcomes, accepted = judge(judged, writing.known, writing.head)
        lines = lines_of(accepted, customers.versions, writing.head)
        taken = {draft.subject_hash: draft.key for draft in accepted if draft.key is not None}
        if lines:
            writing.insert(lines, {one: key for one, key in taken.items() if one in customers.unknown})
        versions = {draft.subject_hash: line.version for draft, line in zip(accepted, lines, strict=True)}

        def learn() -> None:
            self._acquaintances.forget(one for one, key in customers.keys.items() if key is None)
            self._acquaintances.met(taken)
            if writing.last is not None:
                self._acquaintances.wrote(writing.end, writing.last, {**customers.versions, **versions})

        return Written(outcomes, len(lines), writing.waited), learn


def lines_of(drafts: Sequence[Draft], versions: Mapping[bytes, int], head: int) -> list[Line]:
    """The accepted drafts as entries: positions go on from ``head``, versions from the customer's newest.

    ``versions`` are by the keyed hash of the subject.
    """
    newest = Counter(versions)
    lines = []
    for position, draft in enumerate(drafts, head + 1):
        assert draft.key is not None
        newest[draft.subject_hash] += 1
        lines.append(
            Line(
                draft.key.number,
                newest[draft.subject_hash],
                FACT,
                draft.state,
                position,
                draft.event_id,
                draft.fact.type,
                draft.fact.occurred_at,
                draft.identity_hash,
                draft.content_hash,
            )
        )
    return lines


def _drafts(requests: Requests) -> list[Draft]:
    return [draft for request in requests if isinstance(request, Drafted) for draft in request.drafts]
