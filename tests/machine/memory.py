"""What a perfect memory holds: every entry of the log in order, and what follows from it by the naive fold."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from domain.facts import Fact
from domain.instants import Instant
from tests.domain.naive import Outcome, Published, naive_fold

TRACES = ("traceparent", "tracestate")


@dataclass(frozen=True)
class Publication:
    """A version of a journey's rulebook, with the position it has in the log."""

    journey: str
    version: Published
    position: int
    etag: str


class Cut(NamedTuple):
    """What is known: entries up to a position; and the instant at which that is asked, which a trail needs."""

    position: int
    known_at: Instant


@dataclass
class Memory:
    """``now`` is the clock; ``entries[p - 1]`` is what stands at position p."""

    now: Instant
    entries: list[Fact | Publication] = field(default_factory=list)
    _folded: dict[tuple[str, str, int, int, Instant], Outcome] = field(default_factory=dict)

    @property
    def head(self) -> int:
        return len(self.entries)

    @property
    def present(self) -> Cut:
        return Cut(self.head, self.now)

    def facts(self, customer: str | None = None, position: int | None = None) -> list[Fact]:
        """In order of position; of everybody without a ``customer``."""
        known = self.entries if position is None else self.entries[:position]
        return [one for one in known if isinstance(one, Fact) and customer in (None, one.customer)]

    def customers(self, position: int | None = None) -> list[str]:
        return sorted({fact.customer for fact in self.facts(position=position)})

    def publications(self, journey: str, position: int | None = None) -> list[Publication]:
        known = self.entries if position is None else self.entries[:position]
        return [one for one in known if isinstance(one, Publication) and one.journey == journey]

    def versions(self, journey: str, position: int | None = None) -> list[Published]:
        return [publication.version for publication in self.publications(journey, position)]

    def fact(self, source: str, id: str) -> Fact | None:
        return next((fact for fact in self.facts() if fact.key == (source, id)), None)

    def recorded_at(self, position: int) -> Instant:
        entry = self.entries[position - 1]
        at = entry.recorded_at if isinstance(entry, Fact) else entry.version.published_at
        assert at is not None
        return at

    def position_at(self, known_at: Instant) -> int:
        """The last position recorded at or before an instant."""
        return sum(self.recorded_at(position) <= known_at for position in range(1, self.head + 1))

    def time_of_writing(self) -> Instant:
        """What the next transaction is recorded at: the clock, but later than all before."""
        return max(self.now, self.recorded_at(self.head) + 1) if self.entries else self.now

    def keep(self, facts: Iterable[Fact]) -> None:
        """The facts of one transaction, in their order."""
        at = self.time_of_writing()
        for fact in facts:
            self.entries.append(replace(fact, recorded_at=at, position=self.head + 1))

    def fold(self, customer: str, journey: str, position: int, as_of: Instant) -> Outcome:
        """The naive fold of what is known at a position, up to an instant."""
        facts, versions = self.facts(customer, position), self.versions(journey, position)
        asked = customer, journey, len(facts), len(versions), as_of
        if asked not in self._folded:
            self._folded[asked] = naive_fold(facts, versions, as_of)
        return self._folded[asked]

    def changes(self, customer: str, journey: str, cut: Cut) -> list[tuple[Instant, int]]:
        """When belief about a customer on a journey may have changed, each with the position known from then on."""
        own = {fact.recorded_at for fact in self.facts(customer, cut.position)}
        own |= {version.published_at for version in self.versions(journey, cut.position)}
        return sorted(
            (at, min(self.position_at(at), cut.position)) for at in own if at is not None and at <= cut.known_at
        )


def same_content(one: Fact, other: Fact) -> bool:
    """Whether two deliveries under one identity are the same fact."""
    return _content(one) == _content(other)


def seller(facts: Iterable[Fact], as_of: Instant) -> str | None:
    """Whose a customer is: by the last ``staff.assigned``, else by the last ``contact.added``."""
    said: dict[str, str] = {}
    for fact in history(facts, as_of):
        if isinstance(fact.data.get("staff"), str):
            said[fact.type] = fact.data["staff"]
    return said.get("staff.assigned") or said.get("contact.added")


def history(facts: Iterable[Fact], as_of: Instant) -> list[Fact]:
    """What happened by an instant, in order of the fold, without what is voided."""
    known = list(facts)
    gone = set(_voided(known))
    happened = [fact for fact in known if fact.occurred_at <= as_of and fact.key not in gone]
    return sorted(happened, key=lambda fact: (fact.occurred_at, fact.source, fact.sequence, fact.id))


def _voided(known: list[Fact]) -> Iterator[tuple[str, str]]:
    for void in (fact for fact in known if fact.type == "fact.voided"):
        for fact in known:
            if fact.type != "fact.voided" and fact.key == (void.data.get("source"), void.data.get("id")):
                yield fact.key
                yield void.key


def _content(fact: Fact) -> str:
    extensions: dict[str, Any] = {name: value for name, value in fact.extensions.items() if name not in TRACES}
    told = [fact.type, fact.customer, fact.occurred_at, fact.sequence, fact.data, extensions]
    return json.dumps(told, sort_keys=True)
