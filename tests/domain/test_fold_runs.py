"""Fine print of the fold: the order of facts, and how one fact or timer is worked to completion."""

import itertools
from dataclasses import replace

import pytest

from tests.domain.given import (
    card,
    fact,
    given,
    if_,
    move,
    on,
    rules,
    set_to,
    tag,
    tagged,
    x,
    y,
)

X_THEN_Y = rules(move("A->B", on("x")), move("B->C", on("y")), move("A->C", on("y")))


def test_facts_are_read_in_order_of_time_whatever_their_arrival() -> None:
    given(X_THEN_Y).facts(y(2), x(1)).then("C", since=2).then_moves("1 A->B", "2 B->C")


def test_at_one_instant_the_source_orders_before_the_sequence() -> None:
    first, second = replace(x(1), source="s1", sequence="9"), replace(y(1), source="s2", sequence="1")
    given(X_THEN_Y).facts(second, first).then_moves("1 A->B", "1 B->C")


def test_within_a_source_the_sequence_orders_before_the_id() -> None:
    first, second = replace(x(1), sequence="1", id="z"), replace(y(1), sequence="2", id="a")
    given(X_THEN_Y).facts(second, first).then_moves("1 A->B", "1 B->C")


def test_an_absent_sequence_is_the_empty_text_and_comes_first() -> None:
    first, second = replace(x(1), id="z"), replace(y(1), sequence="0", id="a")
    given(X_THEN_Y).facts(second, first).then_moves("1 A->B", "1 B->C")


def test_the_id_orders_last() -> None:
    given(X_THEN_Y).facts(replace(y(1), id="2"), replace(x(1), id="10")).then_moves("1 A->B", "1 B->C")


def test_texts_order_by_code_point_not_by_number_or_locale() -> None:
    first, second = replace(x(1), sequence="Z"), replace(y(1), sequence="a")
    given(X_THEN_Y).facts(second, first).then_moves("1 A->B", "1 B->C")


def test_position_and_recorded_at_are_no_part_of_the_order() -> None:
    early = replace(x(1), id="1", position=9, recorded_at=9)
    late = replace(y(1), id="2", position=1, recorded_at=1)
    given(X_THEN_Y).facts(late, early).then_moves("1 A->B", "1 B->C")


def test_a_late_fact_simply_sorts_in() -> None:
    for facts in itertools.permutations([x(1), y(3), x(5), y(7)]):
        given(rules(move("A->B", on("x")), move("B->A", on("y")))).facts(*facts).then_moves(
            "1 A->B", "3 B->A", "5 A->B", "7 B->A"
        )


def test_a_run_is_hand_then_enter_then_manual_move_then_tags_then_stages_then_opportunities() -> None:
    document = rules(
        move("A->B", if_(tag="ruled")),
        tags=[tag("ruled", on("*"), if_(tag="hand"))],
        opportunities=[card("card", if_(stage="B"))],
        enter=if_(tag="hand"),
    )
    given(document).facts(tagged(1, "hand")).then_steps(
        "1 tag_added hand by hand at tag.added",
        "1 entered A by enter at tag.added",
        "1 tag_added ruled by ruled at tag.added",
        "1 moved A->B by A->B at tag.added",
        "1 opened card by card at tag.added",
    )


def test_a_manual_move_comes_before_the_tag_rules_of_its_fact() -> None:
    document = rules(tags=[tag("in B", on("stage.set"), if_(stage="B"))])
    given(document).facts(x(1), set_to("B", 2)).then("B", since=2, tags=["in B"])


def test_attributes_come_before_enter() -> None:
    document = rules(enter=if_(attribute="plan", eq="pro"))
    given(document).facts(fact("profile.changed", 1, attributes={"plan": "pro"})).then("A", since=1)


def test_tag_rules_run_once_in_order() -> None:
    document = rules(
        tags=[
            tag("late", on("x"), if_(tag="early")),
            tag("early", on("x")),
            tag("after", on("x"), if_(tag="early")),
        ]
    )
    given(document).facts(x(1)).then("A", tags=["after", "early"])


def test_tag_rules_do_not_see_the_stage_that_the_same_fact_leads_to() -> None:
    document = rules(move("A->B", on("x")), tags=[tag("in B", on("*"), if_(stage="B"))])
    given(document).facts(x(1)).then("B", tags=[])
    given(document).facts(x(1), fact("note", 2)).then("B", tags=["in B"])


def test_the_first_stage_rule_that_applies_moves() -> None:
    given(rules(move("A->C", on("x")), move("A->B", on("x")))).facts(x(1)).then("C")


def test_after_a_move_the_rules_are_read_again_from_the_top_with_the_same_fact() -> None:
    given(rules(move("B->C", on("x")), move("A->B", on("x")))).facts(x(1)).then_moves("1 A->B", "1 B->C")


def test_no_stage_is_entered_twice_in_a_run() -> None:
    document = rules(move("A->B", on("x")), move("B->C", on("x")), move("C->B", on("x")))
    given(document).facts(x(1)).then_moves("1 A->B", "1 B->C")


def test_the_stage_a_run_began_in_is_not_entered_again() -> None:
    document = rules(move("A->B", on("x")), move("B->A", on("x")))
    given(document).facts(x(1), x(2)).then_moves("1 A->B", "2 B->A")


def test_a_rule_whose_target_was_entered_is_passed_over_for_the_next() -> None:
    document = rules(move("A->B", on("x")), move("B->A", on("x")), move("B->C", on("x")))
    given(document).facts(x(1)).then("C")


def test_the_stage_a_timer_run_began_in_is_not_entered_again() -> None:
    document = rules(move("A->B", after="1d"), move("B->A", if_(stage="B")))
    given(document).facts(x(1)).on(3).then("B", since=2)


def test_a_move_to_the_stage_one_is_in_does_not_exist() -> None:
    given(rules(move("*->A", on("x")), move("*->A", after="1d", id="stay"))).facts(x(1), x(2)).then(
        "A", since=1
    ).then_moves()


@pytest.mark.parametrize("origin", ["*", "A,C", "A"])
def test_from_is_a_stage_a_list_or_every_stage(origin: str) -> None:
    given(rules(move(f"{origin}->B", on("x")))).facts(x(1)).then("B")


def test_from_is_every_stage_when_absent() -> None:
    up = move("*->B", on("x"))
    del up["from"]
    given(rules(up, move("A->C", on("y")))).facts(y(1), x(2)).then_moves("1 A->C", "2 C->B")


def test_a_move_leads_only_from_its_stages() -> None:
    given(rules(move("B,C->A", on("x")), move("B->C", on("x")))).facts(x(1)).then("A").then_moves()


def test_when_is_examined_at_that_fact_only() -> None:
    given(rules(move("B->C", on("x")), move("A->B", on("y")))).facts(x(1), y(2)).then("B", since=2)


def test_if_alone_is_examined_in_every_run_of_a_fact() -> None:
    document = rules(move("A->B", if_(count="x", at_most=0, within="3d")))
    given(document).facts(x(1), fact("note", 4), fact("note", 5)).then("B", since=5)


def test_if_alone_is_not_examined_without_a_fact_or_timer() -> None:
    given(rules(move("A->B", if_(count="x", at_most=0, within="3d")))).facts(x(1)).then("A")


def test_when_and_if_must_both_hold() -> None:
    document = rules(move("A->B", on("x"), if_(seen="y")))
    given(document).facts(x(1)).then("A")
    given(document).facts(y(1), x(2)).then("B", since=2)


def test_times_counts_like_facts_in_the_window_the_present_one_included() -> None:
    document = rules(move("A->B", on("x", times={"at_least": 2, "within": "2d"})))
    given(document).facts(x(1), x(4)).then("A")
    given(document).facts(x(1), x(4), x(6)).then("B", since=6)


def test_times_without_within_counts_all_facts_so_far() -> None:
    given(rules(move("A->B", on("x", times={"at_least": 2})))).facts(x(1), x(40)).then("B", since=40)


def test_times_counts_only_facts_that_where_means() -> None:
    document = rules(move("A->B", on("x", where={"v": 1}, times={"at_least": 2})))
    given(document).facts(x(1, v=1), x(2, v=2)).then("A")
    given(document).facts(x(1, v=1), x(2, v=1)).then("B")


def test_tag_rules_take_times_too() -> None:
    document = rules(tags=[tag("keen", on("x", times={"at_least": 2, "within": "1d"}))])
    given(document).facts(x(1), x(2)).then("A", tags=["keen"])
    given(document).facts(x(1), x(2.5)).then("A", tags=[])


def test_every_type_is_meant_by_a_star_also_in_a_list() -> None:
    for types in ("*", ["x", "*"]):
        given(rules(move("A->B", on(types)))).facts(fact("unheard.of", 1)).then("B")


def test_types_that_nobody_knows_are_usable_in_rules() -> None:
    given(rules(move("A->B", on("our.own.type")))).facts(fact("our.own.type", 1)).then("B")


def test_every_step_names_the_fact_the_rule_and_the_version() -> None:
    steps = given(rules(move("A->B", on("x"), id="up"))).facts(replace(x(1), source="s1", id="7")).folded().steps

    assert [step.as_json() for step in steps] == [
        {
            "at": "2026-03-01T00:00:00Z",
            "kind": "entered",
            "to": "A",
            "cause": {
                "fact": {"source": "s1", "id": "7", "type": "x"},
                "timer": None,
                "rule": "enter",
                "rulebook": 1,
            },
        },
        {
            "at": "2026-03-01T00:00:00Z",
            "kind": "moved",
            "from": "A",
            "to": "B",
            "cause": {"fact": {"source": "s1", "id": "7", "type": "x"}, "timer": None, "rule": "up", "rulebook": 1},
        },
    ]


def test_nobody_without_a_fact_is_anywhere() -> None:
    given(rules(move("A->B", after="1d"))).facts().then(None, tags=[], open=[], rulebook=1).then_steps()
