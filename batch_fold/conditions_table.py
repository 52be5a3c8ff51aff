"""Conditions as a table of questions: each node asks one thing and says which node to go to then.

``all``, ``any`` and ``not`` need no node of their own: they are who follows whom. So a condition is examined by going
from node to node, only as far as the reference would examine it, without a stack.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from batch_fold.dictionary import Dictionary, Places
from batch_fold.tables import ATTRIBUTE, COUNT, FAILS, HOLDS, NODE, STAGE, STAGE_FOR, SUM, TAG, Rows
from domain.rulebook.conditions import (
    All,
    Any_,
    Condition,
    Counted,
    HasAttribute,
    HasTag,
    InStage,
    InStageFor,
    Matcher,
    Not,
    Summed,
    Trigger,
)

WORD = 64
LARGEST = int(np.iinfo(np.int64).max)
_LOW = 32


class Numbers(Protocol):
    """The numbers that a run gives to its own things."""

    dictionary: Dictionary
    stages: Places[str]
    tags: Places[str]

    def tally(self, matcher: Matcher, most: int) -> int:
        """What counts the facts of a matcher; somebody asks whether there are ``most`` of them, and when that was."""
        ...

    def sum(self, matcher: Matcher) -> tuple[int, int]:
        """What adds them up, and its window."""
        ...


@dataclass(frozen=True, slots=True)
class Looked:
    """What conditions depend on, beside attributes and the stage."""

    tags: frozenset[int] = frozenset()
    counts: frozenset[tuple[int, int, int]] = frozenset()
    """Tally, how many of it, in what length of time (-1: ever)."""
    sums: frozenset[int] = frozenset()
    lengths: frozenset[int] = frozenset()

    def __or__(self, other: "Looked") -> "Looked":
        return Looked(
            self.tags | other.tags, self.counts | other.counts, self.sums | other.sums, self.lengths | other.lengths
        )


@dataclass(slots=True)
class Nodes:
    """The nodes of one run; a condition is the number of its first."""

    numbers: Numbers
    rows: list[tuple[int, ...]] = field(default_factory=list)

    def trigger(self, trigger: Trigger | None, without: int = HOLDS) -> tuple[int, int]:
        """The atom that must mean the present fact (-1: none need), and the first node of what else must hold."""
        if trigger is None:
            return -1, without
        first = HOLDS if trigger.condition is None else self._condition(trigger.condition, HOLDS, FAILS)
        when = trigger.when
        if when is None:
            return -1, first
        if when.at_least > 1:
            first = self._at_least(when.matcher, when.at_least, first, FAILS)
        return self.numbers.dictionary.atom(when.matcher), first

    def table(self) -> Rows:
        return np.array(self.rows, NODE)

    def looked_at(self, first: int) -> Looked:
        """What the nodes from number ``first`` on look at."""
        rows = self.rows[first:]
        return Looked(
            frozenset(place for op, place, *_ in rows if op == TAG),
            frozenset((place, bound, length) for op, place, length, _, bound, *_ in rows if op == COUNT),
            frozenset(place for op, place, *_ in rows if op == SUM),
            frozenset(length for op, _, length, *_ in rows if op == STAGE_FOR),
        )

    def _condition(self, condition: Condition, yes: int, no: int) -> int:
        match condition:
            case All(members):
                for member in reversed(members):
                    yes = self._condition(member, yes, no)
                return yes
            case Any_(members):
                for member in reversed(members):
                    no = self._condition(member, yes, no)
                return no
            case Not(member):
                return self._condition(member, no, yes)
            case HasTag(tags):
                return self._any_of(TAG, (self.numbers.tags[tag] for tag in tags), yes, no)
            case InStage(stages):
                known = self.numbers.stages
                return self._any_of(STAGE, (known[stage] for stage in stages if stage in known), yes, no)
            case InStageFor(length):
                return self._node(STAGE_FOR, 0, yes, no, length=length)
            case HasAttribute():
                return self._bit(ATTRIBUTE, self.numbers.dictionary.attribute(condition), yes, no)
            case Counted(matcher, at_least, at_most):
                if at_most is not None:
                    yes = self._at_least(matcher, math.floor(at_most) + 1, no, yes)
                return yes if at_least is None else self._at_least(matcher, at_least, yes, no)
            case Summed(matcher, gte, lte):
                if lte is not None:
                    yes = self._reaches(matcher, lte + 1, no, yes)
                return yes if gte is None else self._reaches(matcher, gte, yes, no)
        raise TypeError(f"No condition: {condition!r}.")

    def _any_of(self, op: int, places: Iterable[int], yes: int, no: int) -> int:
        for place in reversed(list(places)):
            no = self._node(op, place, yes, no)
        return no

    def _at_least(self, matcher: Matcher, number: float, yes: int, no: int) -> int:
        bound, length = min(math.ceil(number), LARGEST), -1 if matcher.within is None else matcher.within
        if bound <= 0:
            return yes
        return self._node(COUNT, self.numbers.tally(matcher, bound), yes, no, length=length, bound=bound)

    def _reaches(self, matcher: Matcher, total: int, yes: int, no: int) -> int:
        (place, window), (high, low) = self.numbers.sum(matcher), limbs(total)
        return self._node(SUM, place, yes, no, window=window, bound=high, low=low)

    def _bit(self, op: int, number: int, yes: int, no: int) -> int:
        return self._node(op, number // WORD, yes, no, bit=number % WORD)

    def _node(
        self,
        op: int,
        place: int,
        yes: int,
        no: int,
        length: int = -1,
        window: int = -1,
        bit: int = 0,
        bound: int = 0,
        low: int = 0,
    ) -> int:
        self.rows.append((op, place, length, window, bound, low, bit, yes, no))
        return len(self.rows) - 1


def limbs(total: int) -> tuple[int, int]:
    """A total as high * 2^32 + low, with 0 <= low < 2^32, held within what a table has room for."""
    high, low = total >> _LOW, total & ((1 << _LOW) - 1)
    return max(-LARGEST, min(high, LARGEST)), low


def words_of(bits: Iterable[int], words: int) -> list[int]:
    """Bits as that many words of 64, each as an int64."""
    found = [0] * words
    for bit in set(bits):
        found[bit // WORD] |= 1 << bit % WORD
    return [word - (1 << WORD) if word > LARGEST else word for word in found]
