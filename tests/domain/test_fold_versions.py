"""Rules in force: how a customer passes from one version of the rules to the next."""

from tests.domain.given import (
    card,
    day,
    done,
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

PIN = {"in_flight": "pin"}


def test_the_rulebook_in_force_is_the_one_with_the_latest_effective_from_not_after_the_instant() -> None:
    story = given(rules()).then_from(5, rules(move("A->B", on("x")))).facts(x(1), x(5))
    story.on(5 - 1e-9).then("A", rulebook=1)
    story.on(5).then("B", since=5, rulebook=2)


def test_on_a_tie_the_higher_version_is_in_force() -> None:
    story = given(rules()).then_from(5, rules(move("A->B", on("x")))).then_from(5, rules(move("A->C", on("x"))))
    story.facts(x(5)).then("C", rulebook=3)


def test_a_later_version_may_come_into_force_before_an_earlier_one() -> None:
    story = given(rules()).then_from(9, rules(move("A->B", on("x")))).then_from(5, rules(move("A->C", on("x"))))
    story.facts(x(6)).on(7).then("C", rulebook=3)
    story.facts(x(10)).then("B", rulebook=2)


def test_before_a_version_is_in_force_nobody_is_on_the_journey() -> None:
    story = given().then_from(5, rules(move("A->B", after="2d"))).facts(x(1))
    story.on(4).then(None, rulebook=None).then_steps()
    story.then(None, rulebook=1)


def test_before_a_version_is_in_force_facts_count_and_tags_by_hand_apply() -> None:
    document = rules(move("A->B", if_(all=[{"count": "x", "at_least": 2}, {"tag": "vip"}])))
    story = given().then_from(5, document).facts(x(1), tagged(2, "vip"), x(6))
    story.on(3).then(None, tags=["vip"])
    story.then("B", since=6)


def test_a_tag_by_hand_before_any_version_names_none() -> None:
    step = given().then_from(5, rules()).facts(tagged(2, "vip")).folded().steps[0]
    assert (step.kind, step.cause.rule, step.cause.rulebook) == ("tag_added", None, None)


def test_a_version_that_is_not_known_yet_judges_nothing() -> None:
    story = given(rules()).then_from(5, rules(move("A->B", on("x"))), published=20).facts(x(1), x(6))
    story.on(10, known_at=19).then("A", rulebook=1)
    story.on(10, known_at=20).then("B", since=6, rulebook=2)


# At the instant e ---------------------------------------------------------------------------------------------------


def test_a_version_comes_into_force_before_the_facts_of_its_instant() -> None:
    old, new = rules(move("A->B", on("x"))), rules(move("A->C", on("x")))
    given(old).then_from(5, new).facts(y(1), x(5)).then("C", since=5, rulebook=2)


def test_she_keeps_stage_since_tags_and_counts() -> None:
    old = rules(move("A->B", on("x")), tags=[tag("hot", on("x"), expires="30d")])
    new = rules(move("B->C", if_(count="x", at_least=2)))
    story = given(old).then_from(5, new).facts(x(1), tagged(2, "vip"), x(6))
    story.on(5).then("B", since=1, tags=["hot", "vip"], rulebook=2)
    story.on(6).then("C", since=6)


def test_she_keeps_the_hold() -> None:
    new = rules(move("B->C", on("y")))
    given(rules()).then_from(5, new).facts(x(1), set_to("B", 2, hold="10d"), y(6)).then("B", since=2)
    given(rules()).then_from(5, new).facts(x(1), set_to("B", 2, hold="2d"), y(6)).then("C", since=6)


def test_a_timer_whose_text_is_unchanged_keeps_what_it_has_fired() -> None:
    first = move("A->B", after="3d", since={"first": "x"})
    back = move("B->A", on("y"))
    story = given(rules(first, back)).then_from(9, rules(first, back, move("B->C", on("z"))))
    story.facts(x(1), y(5)).then("A", since=5)


def test_a_timer_whose_text_changed_fires_anew() -> None:
    back = move("B->A", on("y"))
    old = rules(move("A->B", after="3d", since={"first": "x"}), back)
    new = rules(move("A->B", after="2d", since={"first": "x"}), back)
    given(old).then_from(9, new).facts(x(1), y(5)).then("B", since=9)


def test_a_move_at_rest_whose_text_is_unchanged_rests_on() -> None:
    hot = move("A->B", if_(tag="hot"))
    given(rules(hot)).then_from(9, rules(hot, move("B->C", on("z")))).facts(tagged(1, "hot"), set_to("A", 2)).then(
        "A", since=2
    )


def test_a_move_at_rest_whose_text_changed_is_judged_anew() -> None:
    old, new = rules(move("A->B", if_(tag="hot"))), rules(move("A->B", if_(tag=["hot", "very hot"])))
    given(old).then_from(9, new).facts(tagged(1, "hot"), set_to("A", 2)).then("B", since=9)


def test_after_the_facts_of_the_instant_one_run_judges_her_under_the_new_rules() -> None:
    new = rules(move("A->B", if_(seen="x")), move("B->C", if_(seen="x")))
    given(rules()).then_from(5, new).facts(x(1)).then_steps(
        "1 entered A by enter at x",
        "5 moved A->B by A->B at rulebook",
        "5 moved B->C by B->C at rulebook",
    )
    given(rules()).then_from(5, new).facts(x(1), y(5)).then_moves("5 A->B", "5 B->C")


def test_the_run_of_a_new_version_comes_after_the_facts_of_its_instant() -> None:
    new = rules(move("A->C", on("y")), move("A->B", if_(all=[{"seen": "x"}, {"not": {"seen": "y"}}])))
    given(rules()).then_from(5, new).facts(x(1)).then("B", since=5)
    given(rules()).then_from(5, new).facts(x(1), y(5)).then("C", since=5)


def test_the_run_of_a_new_version_examines_opportunities_and_no_tag_rules() -> None:
    new = rules(tags=[tag("t", on("*"))], opportunities=[card("card", if_(seen="x"))])
    given(rules()).then_from(5, new).facts(x(1)).then("A", tags=[], open=["card"])


def test_during_a_hold_the_run_of_a_new_version_moves_nobody() -> None:
    new = rules(move("A->B", if_(seen="x")))
    given(rules()).then_from(5, new).facts(x(1), set_to("A", 2, hold="9d")).then("B", since=11)


def test_timers_overdue_under_the_new_rules_fire_when_they_come_into_force() -> None:
    old, new = rules(move("A->B", after="14d")), rules(move("A->B", after="7d"))
    given(old).then_from(11, new).facts(x(1)).then("B", since=11).then_steps(
        "1 entered A by enter at x", "11 moved A->B by A->B at after"
    )


def test_timers_due_under_the_old_rules_before_that_have_fired() -> None:
    old, new = rules(move("A->B", after="4d")), rules(move("A->B", after="7d"))
    given(old).then_from(11, new).facts(x(1)).then("B", since=5)


def test_a_timer_due_at_the_very_instant_is_judged_by_the_new_rules() -> None:
    old, new = rules(move("A->B", after="4d")), rules(move("A->B", after="7d"))
    given(old).then_from(5, new).facts(x(1)).then("B", since=8)


def test_the_expiry_of_a_tag_survives_the_rule_that_set_it() -> None:
    old = rules(tags=[tag("hot", on("x"), expires="5d")])
    story = given(old).then_from(3, rules()).facts(x(1))
    story.on(5).then("A", tags=["hot"])
    story.then_steps("1 entered A by enter at x", "1 tag_added hot by hot at x", "6 tag_removed hot by hot at expiry")


def test_without_a_new_fact_nobody_enters_when_a_version_comes_into_force() -> None:
    given(rules(enter=on("in"))).then_from(5, rules()).facts(x(1)).then(None, rulebook=2)
    given(rules(enter=on("in"))).then_from(5, rules()).facts(x(1), y(6)).then("A", since=6)


# Renames ------------------------------------------------------------------------------------------------------------


def test_a_stage_that_is_gone_is_renamed_and_since_is_kept() -> None:
    old, new = rules(move("A->B", on("x"))), rules(stages="AD", renames={"B": "D"})
    given(old).then_from(5, new).facts(x(1)).then("D", since=1, rulebook=2).then_steps(
        "1 entered A by enter at x", "1 moved A->B by A->B at x", "5 renamed B->D at rulebook"
    )


def test_a_stage_that_is_gone_without_a_rename_becomes_the_initial_stage_by_a_move() -> None:
    old, new = rules(move("A->B", on("x"))), rules(stages="DE")
    given(old).then_from(5, new).facts(x(1)).then("D", since=5).then_steps(
        "1 entered A by enter at x", "1 moved A->B by A->B at x", "5 moved B->D at rulebook"
    )


def test_a_stage_that_is_still_there_is_not_renamed() -> None:
    given(rules()).then_from(5, rules(renames={"A": "B"})).facts(x(1)).then("A", since=1)


def test_a_rename_comes_before_the_facts_of_the_instant() -> None:
    new = rules(move("D->E", on("y")), stages="DE", renames={"A": "D"})
    given(rules()).then_from(5, new).facts(x(1), y(5)).then_steps(
        "1 entered A by enter at x", "5 renamed A->D at rulebook", "5 moved D->E by D->E at y"
    )


def test_a_rename_does_not_restart_timers() -> None:
    new = rules(move("D->E", after="7d"), stages="DE", renames={"A": "D"})
    given(rules()).then_from(5, new).facts(x(1)).then("E", since=8)


def test_a_rename_ends_no_rest() -> None:
    hot = {"id": "hot", "to": "C", "if": {"tag": "hot"}}
    old, new = rules(hot, stages="ABC"), rules(hot, stages="DBC", renames={"A": "D"})
    given(old).then_from(5, new).facts(tagged(1, "hot"), set_to("A", 2)).then("D", since=2)


# In flight: pin -----------------------------------------------------------------------------------------------------


def test_pinned_she_stays_on_the_version_she_is_on() -> None:
    old, new = rules(move("A->B", on("y"))), rules(move("A->C", on("y")), **PIN)
    given(old).then_from(5, new).facts(x(1), y(6)).then("B", since=6, rulebook=1)


def test_who_enters_after_it_is_under_the_new_version() -> None:
    old, new = rules(move("A->B", on("y")), enter=on("x")), rules(move("A->C", on("y")), enter=on("x"), **PIN)
    given(old).then_from(5, new).facts(x(5), y(6)).then("C", since=6, rulebook=2)


def test_pinned_until_she_leaves() -> None:
    old = rules(move("A->B", on("y")), enter=on("x"), leave=on("out"))
    new = {**old, "moves": [move("A->C", on("y"))], **PIN}
    story = given(old).then_from(5, new)
    story.facts(x(1), fact("out", 6)).then(None, rulebook=2)
    story.facts(x(1), fact("out", 6), x(7), y(8)).then("C", since=8, rulebook=2)


def test_pinned_she_leaves_by_the_rule_of_her_own_version() -> None:
    old, new = rules(enter=on("x"), leave=on("out")), rules(enter=on("x"), **PIN)
    story = given(old).then_from(5, new).facts(x(1), fact("out", 6))
    assert [step.cause.rulebook for step in story.then(None).folded().steps] == [1, 1]


def test_pinned_until_a_later_version_without_pin_comes_into_force() -> None:
    pinned, free = rules(move("A->B", if_(seen="x")), **PIN), rules(move("A->C", if_(seen="x")))
    given(rules()).then_from(5, pinned).then_from(9, free).facts(x(1)).then("C", since=9, rulebook=3)


def test_pinned_over_several_versions() -> None:
    pinned = rules(move("A->B", if_(seen="x")), **PIN)
    given(rules()).then_from(5, pinned).then_from(7, pinned).facts(x(1), y(8)).then("A", since=1, rulebook=1)


def test_a_pinned_customer_has_no_run_and_no_rename_when_the_version_comes() -> None:
    old = rules(move("A->B", if_(in_stage_for="3d")))
    new = rules(stages="DE", renames={"A": "D"}, **PIN)
    given(old).then_from(5, new).facts(x(1)).then("A", since=1, rulebook=1)


def test_the_renames_of_versions_passed_over_are_applied_in_turn() -> None:
    pinned = rules(stages="BC", renames={"A": "B"}, **PIN)
    free = rules(stages="DE", renames={"B": "E"})
    given(rules(stages="AX")).then_from(5, pinned).then_from(9, free).facts(x(1)).then("E", since=1).then_steps(
        "1 entered A by enter at x", "9 renamed A->E at rulebook"
    )


def test_pin_stands_in_the_new_version_and_not_in_the_old_one() -> None:
    old, new = rules(**PIN), rules(move("A->B", if_(seen="x")))
    given(old).then_from(5, new).facts(x(1)).then("B", since=5)


def test_the_next_timer_passes_over_versions_that_pin_her() -> None:
    story = given(rules()).then_from(5, rules(**PIN), published=1).then_from(9, rules(), published=1).facts(x(1))
    timer = story.on(2).folded().standing.next_timer

    assert timer is not None
    assert (timer.at, timer.kind) == (day(9), "rulebook")


# Opportunities under a new version ----------------------------------------------------------------------------------


def test_a_new_version_keeps_the_cards_whose_rule_it_still_has() -> None:
    old = rules(opportunities=[card("kept", on("x")), card("gone", on("x"))])
    new = rules(opportunities=[card("kept", on("z"))])
    given(old).then_from(5, new).facts(x(1)).then_steps(
        "1 entered A by enter at x",
        "1 opened kept by kept at x",
        "1 opened gone by gone at x",
        "5 closed gone by gone at rulebook",
    )


def test_a_kept_card_ends_when_it_would_have() -> None:
    old, new = rules(opportunities=[card("card", on("x"), open_for="9d")]), rules(opportunities=[card("card", on("x"))])
    given(old).then_from(5, new).facts(x(1)).then("A", open=[]).on(9).then("A", open=["card"])


def test_a_card_whose_text_changed_is_examined_anew_and_reopens_if_it_is_not_open() -> None:
    old = rules(opportunities=[card("card", if_(tag="hot"))])
    new = rules(opportunities=[card("card", if_(tag="hot"), rank=9)])
    story = given(old).facts(tagged(1, "hot"), done("card", 2))
    story.then("A", open=[])
    story.then_from(5, new).then("A", open=["card"])
    story.then_from(5, old).then("A", open=[])


def test_a_card_whose_text_changed_opens_nothing_that_is_open() -> None:
    old = rules(opportunities=[card("card", if_(tag="hot"), open_for="9d")])
    new = rules(opportunities=[card("card", if_(tag="hot"), open_for="9d", rank=9)])
    given(old).then_from(5, new).facts(tagged(1, "hot")).on(6).then_steps(
        "1 tag_added hot by hand at tag.added",
        "1 entered A by enter at tag.added",
        "1 opened card by card at tag.added",
    )


def test_a_card_that_is_open_closes_when_its_new_condition_is_false() -> None:
    old, new = rules(opportunities=[card("card", on("x"))]), rules(opportunities=[card("card", if_(tag="hot"))])
    given(old).then_from(5, new).facts(x(1)).then("A", open=[])
