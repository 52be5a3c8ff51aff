"""The audit trail: every step that some belief had, and when a later belief gave it up (design.md section 2.8)."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.facts import Fact
from domain.instants import Instant, rfc_3339
from domain.journey.beliefs import beliefs
from domain.journey.in_force import Version
from domain.journey.steps import Step

Identity = tuple[Any, ...]
"""Instant, kind, names and rule, and which repetition of them within one belief."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A step of one belief; ``place`` is its place among the steps of that instant."""

    identity: Identity
    place: int
    step: Step


@dataclass(frozen=True, slots=True)
class Entry:
    """A step as it was last believed; ``superseded_at`` is the first instant at which a belief lacked it again.

    ``believed`` says that the last belief has it: a step that was given up may be believed again.
    """

    step: Step
    superseded_at: Instant | None = None
    believed: bool = True

    def as_json(self) -> dict[str, Any]:
        gone = {} if self.superseded_at is None else {"superseded_at": rfc_3339(self.superseded_at)}
        return self.step.as_json() | gone


@dataclass(slots=True)
class Trail:
    """A trail being gathered, belief by belief in order of time."""

    _made: dict[Identity, Placed] = field(default_factory=dict)
    _gone: dict[Identity, Instant] = field(default_factory=dict)
    _believed: frozenset[Identity] = frozenset()

    def believed(self, since: Instant, placed: Iterable[Placed]) -> None:
        """These steps, and no others, were believed from ``since`` on."""
        steps = {one.identity: one for one in placed}
        for identity in self._made.keys() - steps.keys():
            self._gone.setdefault(identity, since)
        self._made |= steps
        self._believed = frozenset(steps)

    def entries(self, as_of: Instant) -> list[Entry]:
        """The steps at or before an instant, in the order they were made; of one place the first believed first."""
        kept = [one for one in self._made.values() if one.step.at <= as_of]
        kept.sort(key=lambda one: (one.step.at, one.place))
        return [Entry(one.step, self._gone.get(one.identity), one.identity in self._believed) for one in kept]


def trail(facts: Sequence[Fact], versions: Sequence[Version], as_of: Instant, known_at: Instant) -> list[Entry]:
    """The steps at or before ``as_of`` of all beliefs up to ``known_at``, in the order they were made.

    ``facts`` are what was recorded by ``known_at``, each with its ``recorded_at``.
    """
    gathered = Trail()
    for belief in beliefs(facts, versions, known_at):
        gathered.believed(belief.since, placed(belief.folded.steps))
    return gathered.entries(as_of)


def placed(steps: Iterable[Step]) -> Iterator[Placed]:
    """The steps of one belief, in order. A repetition within it counts on its own."""
    seen: Counter[Identity] = Counter()
    at: Counter[Instant] = Counter()
    for step in steps:
        names = step.at, step.kind, step.origin, step.target, step.tag, step.opportunity, step.cause.rule
        yield Placed((*names, seen[names]), at[step.at], step)
        seen[names] += 1
        at[step.at] += 1
