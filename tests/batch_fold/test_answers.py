"""What the arrays of the compiled fold say of one customer, by hand; that it is right, the laws of both engines say."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from batch_fold.answers import folded
from batch_fold.folds import KINDS, NEVER, NONE, TIMERS, Folds, HeldTags, Judged, OpenCards, Steps
from domain.facts import Fact
from domain.journey.fold import Folded
from domain.journey.steps import Cause, HeldTag, NextTimer, OpenOpportunity, Standing, Step

NAMES = ("A", "B", "enter", "hot", "give", "card", "call")
A, B, ENTER, HOT, GIVE, CARD, CALL = range(len(NAMES))
FACTS = [Fact("s", str(number), "x", "c", number) for number in range(3)]
ENTERED, MOVED, ADDED, OPENED = map(KINDS.index, ("entered", "moved", "tag_added", "opened"))
AFTER = TIMERS.index("after")

# Three customers: the first and the last have nothing; what is of the one between stands as it does in a batch.
STEPS = [
    # at, kind, fact, timer, rule, version, origin, target, name
    (1, ENTERED, 1, NONE, ENTER, 7, NONE, A, NONE),
    (1, ADDED, 1, NONE, GIVE, 7, NONE, NONE, HOT),
    (5, MOVED, NONE, AFTER, GIVE, 7, A, B, NONE),
    (6, OPENED, 2, NONE, CARD, NONE, NONE, NONE, CARD),
]
TAGS = [(HOT, 1, True, 1, GIVE, 9)]
CARDS = [(CARD, CALL, 6, NEVER)]


def table(kind: Any, rows: Sequence[tuple[int, ...]]) -> Any:
    columns = [np.array(column, np.int64) for column in zip(*rows, strict=True)]
    return kind(np.array([0, 0, len(rows), len(rows)], np.int64), *columns)


@pytest.fixture
def folds() -> Folds:
    def each(none: int, hers: int) -> Any:
        return np.array([none, hers, none], np.int64)

    return Folds(
        names=NAMES,
        steps=table(Steps, STEPS),
        taken=each(0, 2),
        stage=each(NONE, B),
        since=each(NEVER, 5),
        rulebook=each(NONE, 7),
        next_at=each(NEVER, 9),
        next_timer=each(NONE, TIMERS.index("expiry")),
        next_rule=each(NONE, GIVE),
        tags=table(HeldTags, TAGS),
        open=table(OpenCards, CARDS),
        judged=table(Judged, [(1, 7)]),
    )


def test_who_has_nothing_stands_nowhere(folds: Folds) -> None:
    nowhere = Folded(Standing(None, None, {}, {}, None, None), ())

    assert folded(folds, 0, FACTS) == folded(folds, 2, FACTS) == nowhere


def test_steps_with_their_causes_and_where_she_stands(folds: Folds) -> None:
    given = Cause(FACTS[1], None, "give", 7)

    assert folded(folds, 1, FACTS, comes=12) == Folded(
        Standing(
            stage="B",
            since=5,
            tags={"hot": HeldTag(1, "rule", given, "give", 9)},
            open={"card": OpenOpportunity("call", 6, None)},
            rulebook=7,
            next_timer=NextTimer(9, "expiry", "give"),
        ),
        (
            Step(1, "entered", Cause(FACTS[1], None, "enter", 7), target="A"),
            Step(1, "tag_added", given, tag="hot"),
            Step(5, "moved", Cause(None, "after", "give", 7), origin="A", target="B"),
            Step(6, "opened", Cause(FACTS[2], None, "card", None), opportunity="card"),
        ),
        comes=12,
        judged=((1, 7),),
    )
