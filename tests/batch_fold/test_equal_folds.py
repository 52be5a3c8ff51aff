"""The laws that hold both engines together: the compiled fold says of every customer what the reference says.

TRAILBOOK_LONG=1 asks more than a hundred times as much.
"""

import os
import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from domain.facts import Fact
from domain.instants import DAY, EARLIEST, LATEST
from domain.journey.fold import Folded
from domain.journey.in_force import version
from domain.journey.steps import NextTimer
from domain.rulebook.document import build
from tests.batch_fold.both_engines import Compiled, comes, one_by_one
from tests.batch_fold.generate import LARGE, Question, questions
from tests.domain.generate import PLACES, at

LONG = os.environ.get("TRAILBOOK_LONG") == "1"
EXAMPLES, TIMES = (1_000, 20) if LONG else (100, 1)
"""Hypothesis remembers all that it tried: a thousand at a time."""

# Whoever comes first may have to compile.
pytestmark = pytest.mark.timeout(0 if LONG else 300)


@pytest.mark.parametrize("_time", range(TIMES))
@given(question=questions())
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_everybody_is_folded_alike_under_every_series_of_versions(_time: int, question: Question) -> None:
    known, compiled = question.customers, Compiled(question.customers, question.runs)
    for run, versions in enumerate(question.runs):
        for as_of in question.instants:
            assert compiled.folded(run, as_of) == one_by_one(known, versions, as_of)


@pytest.mark.parametrize("_time", range(TIMES))
@given(question=questions())
@settings(max_examples=EXAMPLES // 4, deadline=None, suppress_health_check=list(HealthCheck))
def test_each_customer_may_have_a_run_and_an_instant_of_her_own(_time: int, question: Question) -> None:
    known, compiled = question.customers, Compiled(question.customers, question.runs)
    runs = [place % len(question.runs) for place in range(len(known))]
    instants = [question.instants[place % 3] for place in range(len(known))]

    expected = [
        one_by_one([history], question.runs[run], as_of)[0]
        for history, run, as_of in zip(known, runs, instants, strict=True)
    ]
    assert compiled.folded(runs, instants, threads=2) == expected


# More than fits into one word -----------------------------------------------------------------------------------------

MANY = 150


def many_rules(drawn: random.Random) -> dict[str, Any]:
    """More than 64 tags, atoms, attributes, tag rules of one type, moves and cards."""
    numbers = range(MANY)
    stages = [f"s{number}" for number in range(80)]

    def filtered() -> dict[str, Any]:
        return {"fact": drawn.choice(["x", "y", ["x", "y"]]), "where": {"v": drawn.randrange(MANY)}}

    def looked_at() -> dict[str, Any]:
        return drawn.choice(
            [
                {"tag": f"t{drawn.randrange(MANY)}"},
                {"attribute": f"a{drawn.randrange(MANY)}", "gte": drawn.randrange(4)},
                {"count": "x", "where": {"v": {"lte": drawn.randrange(MANY)}}, "at_least": drawn.randrange(1, 4)},
            ]
        )

    return {
        "journey": "j",
        "stages": [{"id": stage, "initial": stage == "s0"} for stage in stages],
        "tags": [{"id": f"r{n}", "when": filtered(), drawn.choice(["add", "add", "remove"]): f"t{n}"} for n in numbers],
        "moves": [{"id": f"m{n}", "to": drawn.choice(stages), "when": filtered(), "if": looked_at()} for n in numbers],
        "opportunities": [{"id": f"o{number}", "kind": "call", "if": looked_at()} for number in range(80)],
    }


def many_facts(drawn: random.Random, customer: str) -> list[Fact]:
    def data(fact_type: str) -> dict[str, Any]:
        if fact_type == "profile.changed":
            return {"attributes": {f"a{drawn.randrange(MANY)}": drawn.randrange(4) for _ in range(40)}}
        return {"v": drawn.randrange(MANY)}

    types = [drawn.choice(["x", "y", "x", "y", "profile.changed"]) for _ in range(60)]
    found = [
        Fact("s", str(number), fact_type, customer, at(drawn.randrange(PLACES)), data=data(fact_type))
        for number, fact_type in enumerate(types)
    ]
    return sorted(found, key=lambda fact: fact.order)


@pytest.mark.parametrize("seed", range(2))
def test_any_number_of_rules(seed: int) -> None:
    drawn = random.Random(seed)
    versions = [version(build(many_rules(drawn)), number, at(10 * number)) for number in (1, 2)]
    known = [many_facts(drawn, f"c{number}") for number in range(5)]

    expected = one_by_one(known, versions, at(PLACES))

    assert Compiled(known, [versions]).folded(0, at(PLACES)) == expected
    assert len({step.cause.rule for one in expected for step in one.steps}) > MANY


# By hand --------------------------------------------------------------------------------------------------------------


def fact(place: int, fact_type: str = "x", **data: Any) -> Fact:
    return Fact("s", f"{place:02d}", fact_type, "c", at(place), data=data)


def alike(document: dict[str, Any], *facts: Fact, as_of: int) -> Folded:
    """What both engines say under one rulebook with the stages A and B."""
    stages = [{"id": "A", "initial": True}, {"id": "B"}]
    versions = [version(build({"journey": "j", "stages": stages, **document}))]
    (folded,) = Compiled([facts], [versions]).folded(0, at(as_of))
    assert [folded] == one_by_one([facts], versions, at(as_of))
    return folded


def test_of_tags_that_expire_together_the_first_in_order_of_name_says_what_comes_next() -> None:
    tags = [
        {"id": "second", "when": {"fact": "x"}, "add": "b", "expires": "1d"},
        {"id": "first", "when": {"fact": "x"}, "add": "a", "expires": "1d"},
        {"id": "third", "when": {"fact": "x"}, "add": "c", "expires": "1d"},
    ]

    assert alike({"tags": tags}, fact(1), as_of=2).standing.next_timer == NextTimer(at(3), "expiry", "first")


def test_a_move_by_hand_without_a_hold_ends_the_hold_of_the_one_before() -> None:
    moves = [{"id": "m", "to": "B", "when": {"fact": "x"}}]
    by_hand = {"journey": "j", "stage": "A"}
    first, second = fact(1, "stage.set", **by_hand, hold="5d"), fact(2, "stage.set", **by_hand)

    assert alike({"moves": moves}, first, fact(3), as_of=4).standing.stage == "A"
    assert alike({"moves": moves}, first, second, fact(3), as_of=4).standing.stage == "B"


@pytest.mark.parametrize(
    ("condition", "beside"),
    [({"not": {"seen": "x", "within": "1d"}}, 1), ({"in_stage_for": "1d"}, 0)],
)
def test_what_time_alone_makes_true_is_found_at_the_very_first_instant(condition: dict[str, Any], beside: int) -> None:
    """By a fact that no rule looks at: nothing else tells the engine to examine the move again."""
    move = {"id": "m", "to": "B", "if": condition}
    before, then = (
        replace(fact(3, "unheard of"), occurred_at=at(3) + microseconds) for microseconds in (beside - 1, beside)
    )

    assert alike({"moves": [move]}, fact(1), before, as_of=4).standing.stage == "A"
    assert alike({"moves": [move]}, fact(1), then, as_of=4).standing.stage == "B"
    assert alike({"moves": [move]}, fact(1), fact(2, "unheard of"), then, as_of=4).standing.stage == "B"


@pytest.mark.parametrize("count", [9, 10, 15, 19, 28])
@pytest.mark.parametrize("sign", [1, -1])
def test_sums_do_not_overflow(count: int, sign: int) -> None:
    """Nine are the last that fit into 64 bits, as millionths; from ten on they would change sign."""
    positive = {"sum": "x", "field": "n", "gte": 0.5}
    recent = {"sum": "x", "field": "n", "within": "36525d", "gte": 0.5}
    moves = [{"id": "m", "to": "B", "when": {"fact": "y"}, "if": {"all": [positive, recent]}}]
    facts = [fact(place, n=sign * LARGE) for place in range(count)]

    folded = alike({"moves": moves}, *facts, fact(count, "y"), as_of=PLACES)

    assert folded.standing.stage == ("B" if sign > 0 else "A")


def test_nobody_and_nothing() -> None:
    versions = [version(build({"journey": "j", "stages": [{"id": "A", "initial": True}]}), effective_from=at(3))]

    assert Compiled([], [versions]).folded(0, at(5)) == []
    assert Compiled([[], []], [versions]).folded(0, at(1)) == one_by_one([[], []], versions, at(1))


def test_no_version_at_all_leaves_tags_by_hand() -> None:
    known = [[fact(1, "tag.added", tag="odd"), fact(2)]]
    versions = [version(build({"journey": "j", "stages": [{"id": "A", "initial": True}]}))]

    compiled = Compiled(known, [[], versions])

    assert compiled.folded(0, at(5)) == one_by_one(known, [], at(5))
    assert [step.tag for step in compiled.folded(0, at(5))[0].steps] == ["odd"]


def test_the_years_one_and_9999() -> None:
    facts = [Fact("s", "1", "x", "c", EARLIEST), Fact("s", "2", "y", "c", LATEST - DAY)]
    document = {
        "journey": "j",
        "stages": [{"id": "A", "initial": True}, {"id": "B"}],
        "tags": [{"id": "t", "when": {"fact": "x"}, "add": "t", "expires": "36525d"}],
        "moves": [{"id": "m", "to": "B", "after": "36525d", "since": {"last": "y"}}],
    }
    versions = [version(build(document))]
    for as_of in (EARLIEST, LATEST):
        assert Compiled([facts], [versions]).folded(0, as_of) == one_by_one([facts], versions, as_of)
    assert comes(versions, EARLIEST) is None
