"""What was believed when: a belief is the fold of what was known at an instant, up to that instant."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from domain.facts import Fact
from domain.history import in_fold_order, known_by
from domain.instants import Instant
from domain.journey.fold import Folded, fold
from domain.journey.in_force import Version, known


@dataclass(frozen=True, slots=True)
class Belief:
    """Held from ``since`` to ``until``, both included; in between it only grows, as time passes."""

    since: Instant
    until: Instant
    history: list[Fact]
    folded: Folded


def changes(facts: Iterable[Fact], versions: Iterable[Version], known_at: Instant) -> list[Instant]:
    """When something was recorded or published by ``known_at``, in order; nothing is believed before the first fact."""
    recorded = {fact.recorded_at for fact in facts if fact.recorded_at is not None}
    first = min(recorded, default=known_at)
    published = {version.published_at for version in versions if version.published_at > first}
    return sorted(at for at in recorded | published if at <= known_at)


def spans(changed: Sequence[Instant], known_at: Instant) -> Iterator[tuple[Instant, Instant]]:
    """From each change of belief to just before the next, the last one to ``known_at``."""
    yield from zip(changed, [*(after - 1 for after in changed[1:]), known_at], strict=False)


def belief(facts: Iterable[Fact], versions: Iterable[Version], since: Instant, until: Instant) -> Belief:
    """``facts`` and ``versions`` each with the instant it became known."""
    history = in_fold_order(known_by(facts, since), until)
    return Belief(since, until, history, fold(history, known(versions, since), until))


def beliefs(facts: Sequence[Fact], versions: Sequence[Version], known_at: Instant) -> Iterator[Belief]:
    """All beliefs up to ``known_at``, in order."""
    for since, until in spans(changes(facts, versions, known_at), known_at):
        yield belief(facts, versions, since, until)
