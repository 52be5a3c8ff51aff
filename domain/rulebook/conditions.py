"""The closed language of conditions: total, without side effects, examined only when something happens."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from domain.facts import Fact
from domain.instants import Duration, Instant

Scalar = str | int | float | bool

MILLIONTHS = 1_000_000


@dataclass(frozen=True, slots=True)
class Predicate:
    """Up to five operators on one value, all of which must hold; like compares with like only."""

    one_of: tuple[Scalar, ...] | None = None
    gte: Scalar | None = None
    lte: Scalar | None = None
    exists: bool | None = None

    def holds(self, value: Any) -> bool:
        if self.exists is not None and self.exists != (value is not None):
            return False
        if self.one_of is not None and not any(alike(value, option) for option in self.one_of):
            return False
        if self.gte is not None and not _reaches(value, self.gte):
            return False
        return self.lte is None or _reaches(self.lte, value)


@dataclass(frozen=True, slots=True)
class Keyword:
    """One of the texts is contained in the value, case kept."""

    texts: tuple[str, ...]

    def holds(self, value: Any) -> bool:
        return isinstance(value, str) and any(text in value for text in self.texts)


def alike(value: Any, option: Scalar) -> bool:
    """A number equals a number, a text a text, true true; anything else is not equal."""
    if isinstance(value, bool) or isinstance(option, bool):
        return value is option
    if isinstance(value, str) or isinstance(option, str):
        return isinstance(value, str) and value == option
    return isinstance(value, int | float) and value == option


def _reaches(value: Any, bound: Any) -> bool:
    if isinstance(value, bool) or isinstance(bound, bool):
        return False
    if isinstance(value, str) and isinstance(bound, str):
        return value >= bound
    return isinstance(value, int | float) and isinstance(bound, int | float) and bool(value >= bound)


def millionths(value: Any) -> int | None:
    """A number as whole millionths, so that sums do not depend on their order; ``None`` for what is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value * MILLIONTHS if isinstance(value, int) else round(value * MILLIONTHS)


@dataclass(frozen=True, eq=False, slots=True)
class Matcher:
    """Which facts are meant: any of ``types`` (``None`` = every type) whose fields hold; ``summed`` is added up.

    Compared by identity: one matcher stands for one place in a rulebook.
    """

    types: frozenset[str] | None
    where: tuple[tuple[str, Predicate | Keyword], ...] = ()
    summed: str | None = None

    def matches(self, fact: Fact) -> bool:
        if self.types is not None and fact.type not in self.types:
            return False
        return all(predicate.holds(fact.data.get(name)) for name, predicate in self.where)


@dataclass(slots=True)
class Tally:
    """The instants of the facts a matcher met, in fold order, and the running sum after each."""

    times: list[Instant] = field(default_factory=list)
    sums: list[int] = field(default_factory=list)

    def add(self, matcher: Matcher, fact: Fact) -> None:
        if matcher.summed is not None:
            amount = millionths(fact.data.get(matcher.summed))
            if amount is None:
                return
            self.sums.append((self.sums[-1] if self.sums else 0) + amount)
        self.times.append(fact.occurred_at)

    def count(self, now: Instant, within: Duration | None) -> int:
        """Facts in ``[now - within, now]``; virtual time never goes back, so none lies behind ``now``."""
        return len(self.times) - self._before(now, within)

    def sum(self, now: Instant, within: Duration | None) -> int:
        """Millionths in ``[now - within, now]``."""
        before = self._before(now, within)
        return (self.sums[-1] if self.sums else 0) - (self.sums[before - 1] if before else 0)

    def _before(self, now: Instant, within: Duration | None) -> int:
        return 0 if within is None else bisect_left(self.times, now - within)


class Situation(Protocol):
    """What a condition may look at: a customer on one journey at one instant."""

    now: Instant
    stage: str | None
    since: Instant | None
    attributes: dict[str, Any]
    tallies: dict[Matcher, Tally]

    def has_tag(self, tag: str) -> bool: ...

    def meets(self, matcher: Matcher) -> bool:
        """Whether the present fact, if there is one, is meant."""
        ...


class Condition(Protocol):
    def holds(self, situation: Situation) -> bool: ...


@dataclass(frozen=True, slots=True)
class HasTag:
    tags: tuple[str, ...]

    def holds(self, situation: Situation) -> bool:
        return any(situation.has_tag(tag) for tag in self.tags)


@dataclass(frozen=True, slots=True)
class InStage:
    stages: tuple[str, ...]

    def holds(self, situation: Situation) -> bool:
        return situation.stage is not None and situation.stage in self.stages


@dataclass(frozen=True, slots=True)
class InStageFor:
    length: Duration

    def holds(self, situation: Situation) -> bool:
        return situation.since is not None and situation.now - situation.since >= self.length


@dataclass(frozen=True, slots=True)
class HasAttribute:
    name: str
    predicate: Predicate

    def holds(self, situation: Situation) -> bool:
        return self.predicate.holds(situation.attributes.get(self.name))


@dataclass(frozen=True, slots=True)
class Counted:
    """``seen`` is a count of at least one."""

    matcher: Matcher
    within: Duration | None
    at_least: int | None
    at_most: int | None

    def holds(self, situation: Situation) -> bool:
        count = situation.tallies[self.matcher].count(situation.now, self.within)
        if self.at_least is not None and count < self.at_least:
            return False
        return self.at_most is None or count <= self.at_most


@dataclass(frozen=True, slots=True)
class Summed:
    """Bounds in millionths."""

    matcher: Matcher
    within: Duration | None
    gte: int | None
    lte: int | None

    def holds(self, situation: Situation) -> bool:
        total = situation.tallies[self.matcher].sum(situation.now, self.within)
        if self.gte is not None and total < self.gte:
            return False
        return self.lte is None or total <= self.lte


@dataclass(frozen=True, slots=True)
class All:
    conditions: tuple[Condition, ...]

    def holds(self, situation: Situation) -> bool:
        return all(condition.holds(situation) for condition in self.conditions)


@dataclass(frozen=True, slots=True)
class Any_:
    conditions: tuple[Condition, ...]

    def holds(self, situation: Situation) -> bool:
        return any(condition.holds(situation) for condition in self.conditions)


@dataclass(frozen=True, slots=True)
class Not:
    condition: Condition

    def holds(self, situation: Situation) -> bool:
        return not self.condition.holds(situation)


@dataclass(frozen=True, slots=True)
class When:
    """The present fact is meant and, with ``times``, it and its like reach ``at_least`` in the window."""

    matcher: Matcher
    at_least: int = 1
    within: Duration | None = None

    def holds(self, situation: Situation) -> bool:
        if not situation.meets(self.matcher):
            return False
        if self.at_least == 1:
            return True
        return situation.tallies[self.matcher].count(situation.now, self.within) >= self.at_least


@dataclass(frozen=True, slots=True)
class Trigger:
    """``when``, ``if`` or both."""

    when: When | None = None
    condition: Condition | None = None

    def holds(self, situation: Situation) -> bool:
        if self.when is not None and not self.when.holds(situation):
            return False
        return self.condition is None or self.condition.holds(situation)


def tallies_of(matchers: Iterable[Matcher]) -> dict[Matcher, Tally]:
    return {matcher: Tally() for matcher in matchers}


def index_by_type(matchers: Iterable[Matcher]) -> Mapping[str | None, tuple[Matcher, ...]]:
    """Matchers by the type they name; under ``None`` those that mean every type."""
    index: dict[str | None, list[Matcher]] = {None: []}
    for matcher in matchers:
        for fact_type in matcher.types if matcher.types is not None else (None,):
            index.setdefault(fact_type, []).append(matcher)
    return {fact_type: tuple(found) for fact_type, found in index.items()}
