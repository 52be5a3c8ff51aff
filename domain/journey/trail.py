"""The audit trail: every step that some belief had, and when a later belief gave it up (design.md section 2.8)."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from domain.facts import Fact
from domain.history import in_fold_order, known_by
from domain.instants import Instant, rfc_3339
from domain.journey.fold import fold
from domain.journey.in_force import Version, known
from domain.journey.steps import Step

Identity = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A step as it was last believed; ``superseded_at`` is the first instant at which a belief lacked it again."""

    step: Step
    superseded_at: Instant | None = None

    def as_json(self) -> dict[str, Any]:
        gone = {} if self.superseded_at is None else {"superseded_at": rfc_3339(self.superseded_at)}
        return self.step.as_json() | gone


def trail(facts: Sequence[Fact], versions: Sequence[Version], as_of: Instant, known_at: Instant) -> list[Entry]:
    """The steps at or before ``as_of`` of all beliefs up to ``known_at``, in the order they were made.

    ``facts`` are what was recorded by ``known_at``, each with its ``recorded_at``. A belief changes where something
    was recorded or published; between two such instants it only grows, as time passes.
    """
    made: dict[Identity, Step] = {}
    order: dict[Identity, tuple[Instant, int]] = {}
    gone: dict[Identity, Instant] = {}
    for since, until in _spans(facts, versions, known_at):
        history = in_fold_order(known_by(facts, since), until)
        believed = dict(_identified(fold(history, known(versions, since), until).steps))
        for identity in made.keys() - believed.keys():
            gone.setdefault(identity, since)
        for place, (identity, step) in enumerate(believed.items()):
            order[identity] = step.at, place
            made[identity] = step
    kept = sorted((identity for identity in made if made[identity].at <= as_of), key=order.__getitem__)
    return [Entry(made[identity], gone.get(identity)) for identity in kept]


def _spans(facts: Iterable[Fact], versions: Iterable[Version], known_at: Instant) -> Iterator[tuple[Instant, Instant]]:
    """From each change of belief to just before the next, both included."""
    recorded = {fact.recorded_at for fact in facts if fact.recorded_at is not None}
    changes = sorted(at for at in recorded | {version.published_at for version in versions} if at <= known_at)
    for index, since in enumerate(changes):
        yield since, changes[index + 1] - 1 if index + 1 < len(changes) else known_at


def _identified(steps: Iterable[Step]) -> Iterator[tuple[Identity, Step]]:
    """Same instant, kind, names and rule make the same step; a repetition within one belief counts on its own."""
    seen: Counter[Identity] = Counter()
    for step in steps:
        names = step.at, step.kind, step.origin, step.target, step.tag, step.opportunity, step.cause.rule
        yield (*names, seen[names]), step
        seen[names] += 1
