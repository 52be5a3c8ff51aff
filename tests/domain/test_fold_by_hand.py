"""Manual moves, holds and rest: a person's word wins, and is undone by something new only."""

from typing import Any

import pytest

from tests.domain.given import card, fact, given, if_, move, on, profile, rules, set_to, tag, tagged, x, y

B_IF_HOT = rules(move("A->B", if_(tag="hot")))


def note(on_day: float) -> Any:
    return fact("note.added", on_day)


def test_a_manual_move_is_a_step_by_hand() -> None:
    given(rules()).facts(x(1), set_to("B", 2)).then("B", since=2).then_steps(
        "1 entered A by enter at x", "2 moved A->B by hand at stage.set"
    )


def test_a_manual_move_wins_over_the_rules_on_that_fact() -> None:
    document = rules(move("B->C", on("stage.set")), move("A->C", on("stage.set")), move("B->C", if_(seen="x"), id="i"))
    given(document).facts(x(1), set_to("B", 2)).then("B", since=2)


def test_the_manual_section_is_not_the_folds_business() -> None:
    given(rules(manual=[{"from": "A", "to": "B"}])).facts(x(1), set_to("C", 2)).then("C")


def test_opportunities_are_examined_at_a_manual_move() -> None:
    document = rules(opportunities=[card("card", if_(stage="B")), card("other", if_(stage="A"))])
    given(document).facts(x(1), set_to("B", 2)).then("B", open=["card"])


@pytest.mark.parametrize("journey", [None, "other", 7])
def test_a_manual_move_needs_the_journey(journey: Any) -> None:
    given(rules()).facts(x(1), set_to("B", 2, journey=journey)).then("A", since=1)


@pytest.mark.parametrize("stage", [None, "Z", "", 7, ["B"]])
def test_a_manual_move_to_an_unknown_stage_does_nothing_and_the_rules_run(stage: Any) -> None:
    given(rules(move("A->C", on("stage.set")))).facts(x(1), set_to(stage, 2)).then("C", since=2)


def test_a_manual_move_of_another_journey_is_a_fact_like_any_other() -> None:
    given(rules(move("A->C", on("stage.set")))).facts(x(1), set_to("B", 2, journey="other")).then("C", since=2)


def test_an_unknown_stage_is_looked_up_in_the_renames() -> None:
    document = rules(stages="BC", renames={"A": "B", "X": "C", "Y": "Z"})
    given(document).facts(set_to("X", 1)).then("C")
    given(document).facts(set_to("Y", 1)).then("B")


def test_a_known_stage_is_not_looked_up_in_the_renames() -> None:
    given(rules(renames={"B": "C"})).facts(set_to("B", 1)).then("B")


def test_setting_the_present_stage_is_no_step_and_does_not_restart_the_clock() -> None:
    document = rules(move("A->B", after="5d"))
    given(document).facts(x(1), set_to("A", 3)).then_steps("1 entered A by enter at x", "6 moved A->B by A->B at after")


# Rest ---------------------------------------------------------------------------------------------------------------


def test_a_move_that_is_true_at_the_manual_move_rests() -> None:
    given(B_IF_HOT).facts(tagged(1, "hot"), set_to("A", 2), note(3)).then("A", since=2)


def test_a_move_that_is_false_at_the_manual_move_does_not_rest() -> None:
    given(B_IF_HOT).facts(set_to("A", 2), note(3), tagged(4, "hot")).then("B", since=4)


def test_rest_applies_also_when_the_present_stage_is_set() -> None:
    document = rules(move("A->B", if_(attribute="n", eq=1)), move("B->A", on("x")))
    story = given(document).facts(profile(1, n=1), x(2), set_to("A", 2.5), note(3))
    story.then("A", since=2)


def test_a_resting_move_rests_until_a_run_finds_it_false() -> None:
    untagged = fact("tag.removed", 3, tag="hot")
    given(B_IF_HOT).facts(tagged(1, "hot"), set_to("A", 2), untagged, tagged(4, "hot")).then("B", since=4)


def test_only_a_run_of_the_stage_rules_can_find_a_resting_move_false() -> None:
    # The window is empty for a while, but nothing happens then.
    document = rules(move("A->B", if_(seen="x", within="2d")))
    given(document).facts(x(1), set_to("A", 2), x(6), note(7)).then("A", since=2)
    given(document).facts(x(1), set_to("A", 2), note(4), x(6)).then("B", since=6)


def test_a_timer_is_a_run_that_can_find_a_resting_move_false() -> None:
    document = rules(move("A->B", if_(tag="hot")), tags=[tag("hot", on("x"), expires="2d")])
    given(document).facts(x(1), set_to("A", 1.5), x(5)).then("B", since=5)


def test_rest_ends_when_the_stage_is_left() -> None:
    document = rules(move("A->B", if_(tag="hot")), move("A->C", on("x")), move("C->A", on("y")))
    story = given(document).facts(tagged(1, "hot"), set_to("A", 2), x(3), y(4), note(5))
    story.then_moves("1 A->B", "2 B->A", "3 A->C", "4 C->A", "4 A->B")


def test_moves_with_when_and_timer_moves_do_not_rest() -> None:
    document = rules(move("A->B", on("x")), move("A->C", after="3d"))
    given(document).facts(x(0.5), set_to("A", 1), x(2)).then("B", since=2)
    given(document).facts(set_to("A", 1), note(2)).then("C", since=4)


def test_other_moves_with_if_alone_go_on_while_one_rests() -> None:
    document = rules(move("A->B", if_(tag="hot")), move("A->C", if_(tag="cold")))
    given(document).facts(tagged(1, "hot"), set_to("A", 2), tagged(3, "cold")).then("C", since=3)


def test_each_manual_move_decides_anew_what_rests() -> None:
    document = rules(move("B->A", if_(seen="x", within="2d")))
    given(document).facts(x(1), set_to("B", 2), x(7)).then("B", since=2)
    given(document).facts(x(1), set_to("B", 2), set_to("B", 6), x(7)).then("A", since=7)


# Hold ---------------------------------------------------------------------------------------------------------------


def test_during_a_hold_the_stage_rules_rest_with_when_too() -> None:
    given(rules(move("B->C", on("y")))).facts(x(1), set_to("B", 2, hold="3d"), y(4)).then("B", since=2)


def test_a_hold_covers_its_first_instant_and_not_its_last() -> None:
    document = rules(move("B->C", on("y")))
    given(document).facts(x(1), set_to("B", 2, hold="3d"), y(2)).then("B")
    given(document).facts(x(1), set_to("B", 2, hold="3d"), y(5)).then("C", since=5)


def test_the_end_of_a_hold_is_a_run_without_a_fact() -> None:
    document = rules(move("B->C", if_(seen="y")), opportunities=[card("card", if_(in_stage_for="3d"))])
    given(document).facts(x(1), set_to("B", 2, hold="3d"), y(4)).then_steps(
        "1 entered A by enter at x",
        "2 moved A->B by hand at stage.set",
        "5 moved B->C by B->C at hold",
    )


def test_at_the_end_of_a_hold_everything_is_judged_anew_and_nothing_rests() -> None:
    given(B_IF_HOT).facts(tagged(1, "hot"), set_to("A", 2, hold="3d")).then("B", since=5)


def test_a_hold_ends_an_earlier_rest() -> None:
    given(B_IF_HOT).facts(tagged(1, "hot"), set_to("A", 2), set_to("A", 3, hold="1d")).then("B", since=4)


def test_timer_moves_wait_for_the_end_of_a_hold() -> None:
    document = rules(move("A->B", after="2d"))
    given(document).facts(x(1), set_to("A", 1, hold="9d")).then("B", since=10)
    given(document).facts(x(1), set_to("A", 1, hold="1d")).then("B", since=3)


def test_tag_rules_run_on_during_a_hold() -> None:
    document = rules(tags=[tag("hot", on("y"), expires="1d")])
    story = given(document).facts(x(1), set_to("A", 2, hold="9d"), y(3))
    story.on(3).then("A", tags=["hot"])
    story.on(4).then("A", tags=[])


def test_enter_and_leave_run_on_during_a_hold() -> None:
    document = rules(enter=on("x"), leave=on("y"))
    given(document).facts(x(1), set_to("B", 2, hold="9d"), y(3)).then(None)


def test_opportunities_run_on_during_a_hold() -> None:
    document = rules(opportunities=[card("card", on("y"))])
    given(document).facts(x(1), set_to("B", 2, hold="9d"), y(3)).then("B", open=["card"])


def test_a_stage_set_with_effect_replaces_the_hold() -> None:
    document = rules(move("B->C", on("y")), move("B->A", if_(seen="x")))
    given(document).facts(x(1), set_to("B", 2, hold="20d"), set_to("B", 3), y(4)).then("C", since=4)
    given(document).facts(x(1), set_to("B", 2, hold="20d"), set_to("B", 3, hold="2d"), note(4)).then("A", since=5)
    given(document).facts(x(1), set_to("B", 2, hold="2d"), set_to("B", 3, hold="20d"), y(5)).then("A", since=23)


def test_a_stage_set_without_effect_does_not_replace_the_hold() -> None:
    document = rules(move("B->C", on("y")))
    given(document).facts(x(1), set_to("B", 2, hold="20d"), set_to("Z", 3), y(4)).then("B")


def test_a_hold_on_the_present_stage_holds() -> None:
    given(rules(move("A->B", on("y")))).facts(x(1), set_to("A", 2, hold="3d"), y(4)).then("A", since=1)


def test_a_manual_move_is_possible_during_a_hold() -> None:
    given(rules()).facts(x(1), set_to("B", 2, hold="9d"), set_to("C", 3)).then("C", since=3)


@pytest.mark.parametrize("hold", ["soon", "", 5, True, ["3d"], "1y", "101y", "36526d", "-1d", "P1M"])
def test_a_malformed_hold_makes_the_manual_move_have_no_effect(hold: Any) -> None:
    given(rules(move("A->C", on("stage.set")))).facts(x(1), set_to("B", 2, hold=hold)).then("C", since=2)


def test_a_null_hold_is_no_hold() -> None:
    given(rules(move("B->C", on("y")))).facts(x(1), set_to("B", 2, hold=None), y(3)).then("C", since=3)


def test_a_hold_may_be_iso_8601() -> None:
    given(rules(move("B->C", if_(seen="x")))).facts(x(1), set_to("B", 2, hold="PT36H")).then("C", since=3.5)
