"""What was believed when: a belief is the fold of what was known at an instant, up to that instant."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from domain.facts import Fact
from domain.history import in_fold_order, known_by
from domain.instants import LATEST, Instant
from domain.journey.carried import VOIDED, Carried
from domain.journey.fold import Folded, JourneyFold, fold
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


class Late(Exception):
    """What was learned does not simply come after what was believed: all that is known must be read."""


class Believing:
    """What is believed of one customer on one journey, carried from change to change.

    ``everything`` are all facts known, each with its ``recorded_at``; without them what is late raises ``Late``.
    """

    def __init__(
        self, versions: Sequence[Version], carried: Carried | None = None, everything: Sequence[Fact] | None = None
    ) -> None:
        self._versions = versions
        self._everything = everything
        self.carried = carried

    def beliefs(self, learned: Iterable[Fact], until: Instant) -> Iterator[Belief]:
        """The beliefs up to ``until`` that follow from ``learned``, and from versions that are not carried yet.

        First the last one that was carried, if the passing of time made something of it or nothing else is new. Of a
        belief ``history`` holds what ``Carried`` remembers. Raises ``Late``.
        """
        together: dict[Instant, list[Fact]] = {}
        for fact in learned:
            together.setdefault(fact.recorded_at or 0, []).append(fact)
        new = self._changes(together, until)
        if self.carried is not None:
            before = self.carried.fold.settled_after
            belief = self._passed(new[0] - 1 if new else until)
            if not new or self.carried.fold.settled_after != before:
                yield belief
        for since, end in spans(new, until):
            self._learn(since, together.get(since, ()))
            yield self._passed(end)

    def _changes(self, recorded: Iterable[Instant], until: Instant) -> list[Instant]:
        recorded = set(recorded)
        first = min(recorded, default=until) if self.carried is None else self.carried.since
        published = {version.published_at for version in self._versions if version.published_at > first}
        if self.carried is not None:
            published -= {version.published_at for version in self.carried.versions}
        return sorted(at for at in recorded | published if at <= until)

    def _learn(self, since: Instant, learned: Sequence[Fact]) -> None:
        carried, versions = self.carried, known(self._versions, since)
        if carried is not None and carried.versions == versions and carried.learns(learned):
            carried.since = since
        elif self._everything is None:
            raise Late
        else:
            self.carried = _begun(self._everything, versions, since)

    def _passed(self, end: Instant) -> Belief:
        assert self.carried is not None
        folded = self.carried.pass_to(end)
        return Belief(self.carried.since, end, self.carried.history, folded)


def carried_at(everything: Sequence[Fact], versions: Sequence[Version], since: Instant) -> Carried:
    """The belief that began at ``since``, as far as it went then; ``everything`` and ``versions`` as known then."""
    carried = _begun(everything, known(versions, since), since)
    carried.pass_to(since)
    return carried


def _begun(everything: Sequence[Fact], versions: tuple[Version, ...], since: Instant) -> Carried:
    """From nothing: all that was known at ``since`` still lies ahead of it."""
    facts = known_by(everything, since)
    voids = any(fact.type == VOIDED for fact in facts)
    return Carried(JourneyFold(versions), versions, since, in_fold_order(facts, LATEST), voids=voids)
