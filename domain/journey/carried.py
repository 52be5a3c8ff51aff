"""A belief in progress: a fold that goes on with what is learned next, as long as that comes after all it has taken."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from domain.facts import Fact
from domain.instants import Instant
from domain.journey.fold import Folded, JourneyFold
from domain.journey.in_force import Version
from domain.journey.kept import kept_state, resumed

VOIDED: Final = "fact.voided"
REMEMBERED: Final = frozenset({"staff.assigned", "contact.added", "opportunity.snoozed"})
MARK: Final = 64
"""After so many facts each a fold leaves a mark, from which questions about earlier instants may start."""

Plain = dict[str, Any]
"""What JSON can hold."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A fold as it stood ``after`` an instant: as plain data, without its steps."""

    after: Instant
    state: Plain


@dataclass(slots=True)
class Carried:
    """``history`` holds of the facts that were taken those that say whose she is and what was snoozed.

    ``ahead`` are those that are known and were not taken yet, in fold order. With a void among what is known nothing is
    carried on. ``marks`` are those left since this was made, by the number of facts ``taken`` before each.
    """

    fold: JourneyFold
    versions: tuple[Version, ...]
    since: Instant
    ahead: list[Fact]
    history: list[Fact] = field(default_factory=list)
    voids: bool = False
    taken: int = 0
    marks: dict[int, Mark] = field(default_factory=dict)

    def pass_to(self, end: Instant) -> Folded:
        """Let time pass up to and including ``end``."""
        coming = [fact for fact in self.ahead if fact.occurred_at <= end]
        del self.ahead[: len(coming)]
        for fact in coming:
            if self.taken and self.taken % MARK == 0:
                self._leave_mark(fact)
            self.fold.take(fact)
            self.taken += 1
            if fact.type in REMEMBERED:
                self.history.append(fact)
        return self.fold.up_to(end)

    def learns(self, learned: Sequence[Fact]) -> bool:
        """Whether these facts come after all that has happened, so that the fold goes on with them; then it will."""
        after = self.fold.settled_after
        if self.voids or any(fact.type == VOIDED or fact.occurred_at <= after for fact in learned):
            return False
        self.ahead = sorted([*self.ahead, *learned], key=lambda fact: fact.order)
        return True

    def as_plain(self) -> Plain:
        """What ``carried`` makes the same of again."""
        return self._kept(self.ahead, steps=True)

    def _kept(self, ahead: Sequence[Fact], steps: bool) -> Plain:
        return {
            "fold": kept_state(self.fold, steps),
            "since": self.since,
            "ahead": [_plain(fact) for fact in ahead],
            "history": [_plain(fact) for fact in self.history],
            "taken": self.taken,
        }

    def _leave_mark(self, following: Fact) -> None:
        after = self.fold.settled_after
        # Among facts of one instant there is no place to start from.
        if not self.voids and following.occurred_at > after:
            self.marks[self.taken] = Mark(after, self._kept((), steps=False))


def carried(plain: Mapping[str, Any], customer: str, versions: Sequence[Version]) -> Carried | None:
    """What was kept, under the same versions; ``None`` if they are others."""
    fold = resumed(plain["fold"], versions)
    if fold is None:
        return None
    ahead, history = ([_fact(customer, said) for said in plain[name]] for name in ("ahead", "history"))
    return Carried(fold, tuple(versions), plain["since"], ahead, history, taken=plain["taken"])


def _plain(fact: Fact) -> list[Any]:
    return [
        fact.source,
        fact.id,
        fact.type,
        fact.occurred_at,
        fact.sequence,
        dict(fact.data),
        fact.recorded_at,
        fact.position,
    ]


def _fact(customer: str, said: Sequence[Any]) -> Fact:
    source, id, type, occurred_at, sequence, data, recorded_at, position = said
    return Fact(source, id, type, customer, occurred_at, sequence, data, recorded_at=recorded_at, position=position)
