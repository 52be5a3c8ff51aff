"""Which facts of a group of requests are new, repeated or in conflict; decided under the lock, pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.refusals import CustomerErased, FactsConflict, Fault, Refusal
from event_log.drafting import Draft
from event_log.writing import Known


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a request: facts new and repeated, and the highest position of all of them (0 of none)."""

    accepted: int
    duplicates: int
    position: int


Outcome = Stored | Refusal
"""A refusal is a value here, because it must sink no other request of the group; the caller raises it."""


def judge(
    requests: Sequence[Sequence[Draft] | Refusal], known: Mapping[bytes, Known], head: int
) -> tuple[list[Outcome], list[Draft]]:
    """Judge the requests in order, each against the log and what the earlier ones added; a refused one adds nothing.

    A request already refused keeps its refusal. Returns the outcome of each, and the accepted drafts: they take the
    positions after ``head`` in their order.
    """
    taken = dict(known)
    accepted: list[Draft] = []
    outcomes: list[Outcome] = []
    for request in requests:
        if isinstance(request, Refusal):
            outcomes.append(request)
            continue
        fresh = _Fresh(head + len(accepted))
        outcome = _judged(request, taken, fresh)
        outcomes.append(outcome)
        if isinstance(outcome, Stored):
            taken |= fresh.known
            accepted += fresh.drafts
    return outcomes, accepted


class _Fresh:
    """What one request adds, in order."""

    def __init__(self, head: int) -> None:
        self._head = head
        self.known: dict[bytes, Known] = {}
        self.drafts: list[Draft] = []

    def add(self, draft: Draft, number: UUID) -> int:
        self.drafts.append(draft)
        position = self._head + len(self.drafts)
        self.known[draft.identity_hash] = Known(position, draft.content_hash, number)
        return position


def _judged(request: Sequence[Draft], taken: Mapping[bytes, Known], fresh: _Fresh) -> Outcome:
    conflicts: list[Fault] = []
    erased: list[Fault] = []
    highest = 0
    for index, draft in enumerate(request):
        stored, within = taken.get(draft.identity_hash), fresh.known.get(draft.identity_hash)
        earlier = stored or within
        if draft.key is None or (earlier is not None and earlier.erased):
            erased.append(Fault("The customer of this fact was erased.", index=index))
        elif earlier is None:
            highest = fresh.add(draft, draft.key.number)
        elif (earlier.customer, earlier.content_hash) == (draft.key.number, draft.content_hash):
            highest = max(highest, earlier.position)
        elif stored is not None:
            reason = "Another content is stored under this source and id."
            conflicts.append(Fault(reason, index=index, position=stored.position))
        else:
            conflicts.append(Fault("Another content stands under this source and id in the same request.", index=index))
    if conflicts:
        return FactsConflict(faults=conflicts)
    if erased:
        return CustomerErased(faults=erased)
    return Stored(len(fresh.drafts), len(request) - len(fresh.drafts), highest)
