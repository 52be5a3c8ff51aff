"""Masks say of every fact and every atom what the domain's own conditions say."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from batch_fold.acts import NO_HOLD, PROFILE, STAGE_SET, TAG_ADDED, TAG_REMOVED, WORKED
from batch_fold.columns import ABSENT, NUMBER, SEALED, Columns, Field
from batch_fold.gathered import columns_of
from batch_fold.masks import Masks, masks_of
from batch_fold.program import Program, program_of
from domain.facts import Fact
from domain.instants import DAY
from domain.journey.in_force import version
from domain.rulebook.conditions import Matcher, millionths
from domain.rulebook.document import build
from tests.batch_fold.generate import ATTRIBUTES, SEVERAL_FIELDS, Question, questions
from tests.domain.generate import COMPARISONS, VALUES, WHERES

BETWEEN = [float(np.nextafter(bound, way)) for bound in range(60) for way in (-np.inf, np.inf)]
ODD_VALUES = (*VALUES, "", "A", "aa", "b", "ab", "电话", "please call", -1, 0, 0.25, 999_999_999_999, -0.5, 3)


def fact(number: int, fact_type: str = "x", **data: Any) -> Fact:
    return Fact("s", str(number), fact_type, "c", number, data=data)


def program(*wheres: dict[str, Any], types: Any = "x", **document: Any) -> Program:
    tags = [
        {"id": f"t{place}", "when": {"fact": types, "where": where}, "add": "t"} for place, where in enumerate(wheres)
    ]
    stages = [{"id": "A", "initial": True}, {"id": "B"}]
    return program_of([[version(build({"journey": "j", "stages": stages, "tags": tags, **document}))]])


def masks(facts: Sequence[Fact], asked: Program) -> Masks:
    return masks_of(columns_of([facts], asked.needs), asked)


def bits(words: np.ndarray[Any, np.dtype[np.uint64]], row: int) -> set[int]:
    return {
        64 * place + bit for place, word in enumerate(words[row].tolist()) for bit in range(64) if int(word) >> bit & 1
    }


def meant(atom: Matcher, one: Fact) -> bool:
    summed = atom.summed is None or millionths(one.data.get(atom.summed)) is not None
    return atom.matches(one) and summed


def assert_as_the_domain_says(facts: Sequence[Fact], asked: Program) -> None:
    found = masks(facts, asked)
    for row, one in enumerate(facts):
        atoms = {place for place, atom in enumerate(asked.atoms) if meant(atom, one)}
        assert bits(found.words, row) == atoms
        for name in {summed for place in atoms if (summed := asked.atoms[place].summed) is not None}:
            assert found.amounts[asked.amounts.index(name), row] == millionths(one.data[name])


def test_every_comparison_of_every_kind_of_value() -> None:
    wheres: list[Any] = [*WHERES, *SEVERAL_FIELDS, *({"n": comparison, "v": "a"} for comparison in COMPARISONS)]
    facts = [fact(n, v=value, n=other) for n, value in enumerate(ODD_VALUES) for other in (1, "b", None)]
    facts += [fact(900 + n, text=value) for n, value in enumerate(ODD_VALUES)]
    facts += [fact(999), fact(1000, "y", v="a", n=1)]

    assert_as_the_domain_says(facts, program(*wheres))
    assert_as_the_domain_says(facts, program(*wheres, types="*"))


@pytest.mark.parametrize("count", [1, 15, 16, 17, 33, 60])
def test_numbers_at_just_below_and_just_above_any_number_of_bounds(count: int) -> None:
    wheres = [{"n": {operator: bound}} for bound in range(count) for operator in ("gte", "lte", "eq")]
    facts = [fact(place, n=number) for place, number in enumerate([*BETWEEN, *range(60)])]

    assert_as_the_domain_says(facts, program(*wheres))


@given(questions())
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_fact_under_rulebooks_over_the_whole_language(question: Question) -> None:
    assert_as_the_domain_says([one for facts in question.customers for one in facts], program_of(question.runs))


def test_a_field_that_no_fact_has_is_absent_in_all() -> None:
    asked = program({"v": {"exists": False}}, {"v": "a"})
    columns = columns_of([[fact(1)]], asked.needs)
    without = Columns(columns.starts, columns.at, columns.types, columns.type_names, {}, {})

    assert bits(masks_of(without, asked).words, 0) == bits(masks_of(columns, asked).words, 0) != set()


def test_amounts_are_whole_millionths_as_the_domain_has_them() -> None:
    numbers: list[Any] = [
        0.0000005,
        0.0000015,
        0.1,
        -2.675,
        5,
        5.0,
        999_999_999_999,
        999_999_999_999.0,
        -999_999_999_999,
        1e-7,
    ]
    numbers += [123_456_789.123456, 999_999_999_998.5, True, "5", None, [5]]
    facts = [fact(place, n=number) for place, number in enumerate(numbers)]
    asked = program(moves=[{"id": "m", "to": "B", "if": {"sum": "x", "field": "n", "gte": 1}}])

    found = masks(facts, asked)

    assert found.amounts[0].tolist() == [millionths(number) or 0 for number in numbers]
    assert found.amounts[0].tolist()[6:8] == [999_999_999_999_000_000] * 2
    assert [bool(bits(found.words, row)) for row in range(len(facts))] == [True] * 12 + [False] * 4


# Sealed values --------------------------------------------------------------------------------------------------------


def sealed(asked: Program, fact_type: str, name: str) -> Columns:
    columns = columns_of([[fact(1, fact_type)]], asked.needs)
    fields = {**columns.fields, name: Field(np.array([SEALED], np.int32), ())}
    return Columns(columns.starts, columns.at, columns.types, columns.type_names, fields, columns.attributes)


def test_what_is_still_sealed_is_an_error_if_it_is_asked_for() -> None:
    with pytest.raises(ValueError, match="The field v is sealed"):
        masks_of(sealed(program({"v": "a"}), "x", "v"), program({"v": "a"}))
    with pytest.raises(ValueError, match="The field tag"):
        masks_of(sealed(program(), "tag.added", "tag"), program())


def test_what_is_sealed_and_not_asked_for_does_not_matter() -> None:
    asked = program({"v": "a"}, types="x")

    assert bits(masks_of(sealed(asked, "y", "v"), asked).words, 0) == set()


# Acts -----------------------------------------------------------------------------------------------------------------

ACTING: list[tuple[str, dict[str, Any], tuple[int, str, int] | None]] = [
    ("tag.added", {"tag": "t"}, (TAG_ADDED, "t", NO_HOLD)),
    ("tag.removed", {"tag": "by hand"}, (TAG_REMOVED, "by hand", NO_HOLD)),
    ("tag.added", {"tag": ""}, None),
    ("tag.added", {"tag": 5}, None),
    ("tag.removed", {}, None),
    ("stage.set", {"journey": "j", "stage": "B"}, (STAGE_SET, "B", NO_HOLD)),
    ("stage.set", {"journey": "j", "stage": "B", "hold": None}, (STAGE_SET, "B", NO_HOLD)),
    ("stage.set", {"journey": "j", "stage": "A", "hold": "2d"}, (STAGE_SET, "A", 2 * DAY)),
    ("stage.set", {"journey": "j", "stage": "A", "hold": "0s"}, (STAGE_SET, "A", 0)),
    ("stage.set", {"journey": "j", "stage": "A", "hold": "soon"}, None),
    ("stage.set", {"journey": "j", "stage": "A", "hold": 5}, None),
    ("stage.set", {"journey": "j", "stage": "nowhere"}, None),
    ("stage.set", {"journey": "j", "stage": 5}, None),
    ("stage.set", {"journey": "other", "stage": "A"}, None),
    ("stage.set", {"stage": "A"}, None),
    ("opportunity.done", {"journey": "j", "rule": "card"}, (WORKED, "card", NO_HOLD)),
    ("opportunity.skipped", {"journey": "j", "rule": "card"}, (WORKED, "card", NO_HOLD)),
    ("opportunity.done", {"journey": "j", "rule": "nobody's"}, None),
    ("opportunity.done", {"journey": "j", "rule": ["card"]}, None),
    ("opportunity.done", {"journey": "other", "rule": "card"}, None),
    ("opportunity.snoozed", {"journey": "j", "rule": "card"}, None),
    ("x", {"tag": "of another type", "journey": "j", "stage": "A"}, None),
]


def test_what_facts_do_by_themselves_and_malformed_ones_do_nothing() -> None:
    facts = [fact(place, fact_type, **data) for place, (fact_type, data, _) in enumerate(ACTING)]
    found = masks(facts, program({}, opportunities=[{"id": "card", "kind": "call", "if": {"tag": "t"}}]))

    acts = [
        (int(found.acts.kind[one - 1]), found.names[found.acts.name[one - 1]], int(found.acts.hold[one - 1]))
        if one
        else None
        for one in found.act
    ]

    assert acts == [expected for _, _, expected in ACTING]


def test_names_are_the_programs_then_tags_by_hand_alone() -> None:
    asked = program({})
    found = masks([fact(1, "tag.added", tag="odd"), fact(2, "x", tag="never"), fact(3, "tag.added", tag="t")], asked)

    assert list(found.names) == [*asked.names, "odd"]


PROFILES: list[Any] = [
    {"plan": "a"},
    {"plan": None, "city": 1},
    {"plan": [1], "age": True},
    {"age": 0.5, "city": None},
    {"other": 1},
    {},
    "none",
    None,
]


def test_a_profile_says_which_attributes_it_names_and_what_holds_of_them() -> None:
    conditions = [{"attribute": name, **comparison} for name in ATTRIBUTES for comparison in ({}, *COMPARISONS)]
    asked = program(moves=[{"id": f"m{n}", "to": "B", "if": one} for n, one in enumerate(conditions * 2)])
    facts = [fact(place, "profile.changed", attributes=profile) for place, profile in enumerate(PROFILES)]

    found = masks(facts, asked)

    for row, profile in enumerate(PROFILES):
        said = profile if isinstance(profile, dict) else {}
        named = {place for place, (name, _) in enumerate(asked.attributes) if name in said}
        act = found.act[row] - 1
        assert (act >= 0) == bool(named)
        if named:
            assert found.acts.kind[act] == PROFILE
            assert bits(found.acts.sets, act) == named
            verdict = {place for place in named if asked.attributes[place][1].holds(said[asked.attributes[place][0]])}
            assert bits(found.acts.verdict, act) == verdict


def test_columns_of_facts_hold_only_what_is_needed() -> None:
    asked = program({"v": "a"}, types="x")
    facts = [fact(1, v="a", w="b"), fact(2, v=2.5), fact(3, "y", v="a"), fact(4, v=None)]

    columns = columns_of([facts[:1], [], facts[1:]], asked.needs)

    assert columns.starts.tolist() == [0, 1, 1, 4]
    assert [columns.type_names[place] for place in columns.types] == ["x", "x", "y", "x"]
    assert "w" not in columns.fields
    v = columns.fields["v"]
    assert v.codes.tolist() == [0, NUMBER, ABSENT, ABSENT]
    assert list(v.texts) == ["a"]
    assert v.numbers is not None
    assert v.numbers[1] == 2.5
