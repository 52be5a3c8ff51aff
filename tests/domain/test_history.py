"""The two cuts, deliveries of one fact, and voids."""

from dataclasses import replace

import pytest

from domain.facts import Fact
from domain.history import in_fold_order, known_by, once_each
from domain.refusals import FactsConflict
from tests.domain.given import day, fact, given, learned, move, numbered, on, rules, x, y


def void(on_day: float, source: object = "s", identity: object = "000", reason: str = "wrong") -> Fact:
    return fact("fact.voided", on_day, source=source, id=identity, reason=reason)


B_AFTER_X = rules(move("A->B", on("x")))


# Deliveries ---------------------------------------------------------------------------------------------------------


def test_deliveries_of_one_content_are_one_fact() -> None:
    one, other = numbered([x(1, v=1), x(2)])
    assert once_each([one, other, one, one]) == [one, other]


def test_the_same_content_written_otherwise_is_the_same_fact() -> None:
    [one] = numbered([x(1, v=1, w="a")])
    again = replace(one, data={"w": "a", "v": 1}, extensions={"traceparent": "00-1"}, position=7)
    assert once_each([one, again]) == [one]


def test_a_fact_is_known_since_its_first_delivery_whatever_came_first() -> None:
    [late] = numbered([learned(x(1), 9)])
    early = learned(late, 3)
    for deliveries in ([late, early], [early, late]):
        assert once_each(deliveries) == [early]


def test_another_content_is_a_conflict_that_names_every_delivery() -> None:
    [one] = numbered([x(1)])
    other = replace(one, data={"v": 1})
    with pytest.raises(FactsConflict) as refused:
        once_each([one, other, one, replace(one, sequence="1")])

    assert [fault.index for fault in refused.value.faults] == [1, 3]


def test_the_same_id_of_another_source_is_another_fact() -> None:
    [one] = numbered([x(1)])
    assert len(once_each([one, replace(one, source="s2")])) == 2


# The cuts -----------------------------------------------------------------------------------------------------------


def test_known_at_keeps_what_was_recorded_by_then_inclusively() -> None:
    facts = numbered([learned(x(1), 5), learned(x(2), 6)])
    assert known_by(facts, day(5)) == facts[:1]
    assert known_by(facts, day(6)) == facts
    assert known_by(facts, day(5) - 1) == []


def test_as_of_keeps_what_happened_by_then_inclusively() -> None:
    facts = numbered([x(1), x(2)])
    assert in_fold_order(facts, day(2)) == facts
    assert in_fold_order(facts, day(2) - 1) == facts[:1]


def test_the_four_combinations_are_four_questions() -> None:
    story = given(B_AFTER_X).facts(y(1), learned(x(5), on_day=9))
    story.on(20).then("B", since=5)
    story.on(7, known_at=7).then("A", since=1)
    story.on(7).then("B", since=5)
    story.on(5, known_at=8).then("A", since=1)


# Voids --------------------------------------------------------------------------------------------------------------


def test_a_void_takes_a_fact_and_itself_out_at_every_instant() -> None:
    document = rules(move("A->B", on("x")), move("A->C", on("fact.voided")))
    story = given(document).facts(x(2), y(1), void(5))
    for as_of in (1, 3, 9):
        story.on(as_of).then("A", since=1)


def test_a_void_has_its_effect_once_it_is_known() -> None:
    story = given(B_AFTER_X).facts(x(2), y(1), void(5))
    story.on(3, known_at=4).then("B", since=2)
    story.on(3, known_at=5).then("A", since=1)


def test_a_void_of_what_is_not_known_yet_is_a_fact_until_then() -> None:
    story = given(rules(move("A->B", on("fact.voided")))).facts(learned(x(2), on_day=9), y(1), void(5))
    story.on(6, known_at=6).then("B", since=5)
    story.on(6, known_at=9).then("A", since=1)


def test_a_void_may_come_before_what_it_voids() -> None:
    given(B_AFTER_X).facts(x(9), void(5)).then(None)


def test_a_void_cannot_be_voided() -> None:
    [wrong, first] = numbered([x(2), void(5)])
    second = replace(void(6, identity=first.id), id="second")
    assert [told.id for told in in_fold_order([wrong, first, second], day(9))] == ["second"]


def test_a_void_cannot_void_itself() -> None:
    [first] = numbered([replace(void(5, identity="v"), id="v")])
    assert in_fold_order([first], day(9)) == [first]


@pytest.mark.parametrize(("source", "identity"), [(None, "000"), ("s", None), ("s", 0), (["s"], "000"), ("s", "other")])
def test_a_malformed_void_has_no_effect_and_stays_a_fact(source: object, identity: object) -> None:
    facts = numbered([x(2), void(5, source, identity)])
    assert in_fold_order(facts, day(9)) == facts


def test_two_voids_of_one_fact_both_go_with_it() -> None:
    facts = numbered([x(2), void(5), void(6), y(7)])
    assert in_fold_order(facts, day(9)) == facts[3:]


def test_a_void_takes_only_what_it_names() -> None:
    facts = numbered([x(2), x(3), void(5)])
    other_source = replace(facts[0], source="s2")
    assert in_fold_order([*facts, other_source], day(9)) == [other_source, facts[1]]
