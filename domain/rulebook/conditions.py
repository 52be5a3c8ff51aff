"""The closed language of conditions: total, without side effects, examined only when something happens."""

from collections import deque
from collections.abc import Mapping
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
    """A number as whole millionths, so that sums do not depend on their order; ``None`` for what is no number.

    5.0 is 5, and whole numbers are exact.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) * MILLIONTHS if value == int(value) else round(value * MILLIONTHS)


@dataclass(frozen=True, slots=True)
class Matcher:
    """Which facts are meant: any of ``types`` (``None`` = every type) whose fields hold; ``summed`` is added up.

    Where it looks back, ``within`` says how far (``None`` = at all there ever were), and ``text`` says all this
    canonically: matchers of one text, in any version, share a tally.
    """

    types: frozenset[str] | None
    where: tuple[tuple[str, Predicate | Keyword], ...] = ()
    summed: str | None = None
    within: Duration | None = None
    text: str = ""

    def matches(self, fact: Fact) -> bool:
        if self.types is not None and fact.type not in self.types:
            return False
        return all(predicate.holds(fact.data.get(name)) for name, predicate in self.where)


@dataclass(slots=True)
class Tally:
    """What a matcher met; of a window only what lies in it, for virtual time never goes back.

    ``total`` is in millionths. ``lately`` has the instant and the amount of each fact in the window, in fold order;
    without a window it is empty, and what counts is ``number``, ``total``, the ``first`` and the ``last`` instant.
    """

    within: Duration | None = None
    number: int = 0
    total: int = 0
    first: Instant | None = None
    last: Instant | None = None
    lately: deque[tuple[Instant, int]] = field(default_factory=deque)

    def add(self, matcher: Matcher, fact: Fact) -> None:
        """A fact that the matcher means. A sum skips what is no number."""
        amount = 0 if matcher.summed is None else millionths(fact.data.get(matcher.summed))
        if amount is not None:
            self.put(fact.occurred_at, amount)

    def put(self, at: Instant, amount: int) -> None:
        self.number += 1
        self.total += amount
        self.last = at
        if self.first is None:
            self.first = at
        if self.within is not None:
            self.lately.append((at, amount))
            self._forget(at - self.within)

    def count(self, now: Instant) -> int:
        """Facts ever, or in ``[now - within, now]``."""
        if self.within is not None:
            self._forget(now - self.within)
        return self.number

    def sum(self, now: Instant) -> int:
        """Millionths ever, or in ``[now - within, now]``."""
        if self.within is not None:
            self._forget(now - self.within)
        return self.total

    def _forget(self, before: Instant) -> None:
        lately = self.lately
        while lately and lately[0][0] < before:
            _, amount = lately.popleft()
            self.number -= 1
            self.total -= amount


class Situation(Protocol):
    """What a condition may look at: a customer on one journey at one instant."""

    now: Instant
    stage: str | None
    since: Instant | None
    attributes: dict[str, Any]
    fact: Fact | None
    """The present one; at a timer there is none."""

    @property
    def tags(self) -> Mapping[str, object]: ...

    def tally(self, matcher: Matcher) -> Tally:
        """What it met so far."""
        ...


class Condition(Protocol):
    def holds(self, situation: Situation) -> bool: ...


@dataclass(frozen=True, slots=True)
class HasTag:
    tags: tuple[str, ...]

    def holds(self, situation: Situation) -> bool:
        return not situation.tags.keys().isdisjoint(self.tags)


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
    at_least: int | None
    at_most: int | None

    def holds(self, situation: Situation) -> bool:
        count = situation.tally(self.matcher).count(situation.now)
        if self.at_least is not None and count < self.at_least:
            return False
        return self.at_most is None or count <= self.at_most


@dataclass(frozen=True, slots=True)
class Summed:
    """Bounds in millionths."""

    matcher: Matcher
    gte: int | None
    lte: int | None

    def holds(self, situation: Situation) -> bool:
        total = situation.tally(self.matcher).sum(situation.now)
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

    def holds(self, situation: Situation) -> bool:
        if situation.fact is None or not self.matcher.matches(situation.fact):
            return False
        if self.at_least == 1:
            return True
        return situation.tally(self.matcher).count(situation.now) >= self.at_least


@dataclass(frozen=True, slots=True)
class Trigger:
    """``when``, ``if`` or both."""

    when: When | None = None
    condition: Condition | None = None

    def holds(self, situation: Situation) -> bool:
        if self.when is not None and not self.when.holds(situation):
            return False
        return self.condition is None or self.condition.holds(situation)
