"""Fine print of the fold: time is an argument; moves with ``after``, and the timers of one instant."""

from tests.domain.given import (
    Day,
    card,
    day,
    fact,
    given,
    if_,
    learned,
    move,
    on,
    rules,
    set_to,
    tag,
    x,
    y,
)

SECOND: Day = 1 / 86_400


def test_a_timer_move_is_due_after_stage_entry_by_default() -> None:
    story = given(rules(move("A->B", after="5d"))).facts(x(1))
    story.on(6 - SECOND).then("A", since=1)
    story.on(6).then("B", since=6).then_steps("1 entered A by enter at x", "6 moved A->B by A->B at after")


def test_the_default_anchor_can_be_written_out() -> None:
    given(rules(move("A->B", after="5d", since="stage_entry"))).facts(x(1), x(3)).then("B", since=6)


def test_last_is_the_later_of_stage_entry_and_the_last_such_fact() -> None:
    document = rules(move("A->B", on("y")), move("B->C", after="5d", since={"last": "x"}))
    given(document).facts(x(1), y(3)).then("C", since=8)
    given(document).facts(x(1), y(3), x(5)).then("C", since=10)


def test_first_is_the_first_such_fact_ever_also_of_before_the_stage() -> None:
    document = rules(move("A->B", on("y")), move("B->C", after="5d", since={"first": "x"}))
    given(document).facts(x(1), x(2), y(3)).then("C", since=6)


def test_first_without_such_a_fact_is_not_armed() -> None:
    document = rules(move("A->B", after="5d", since={"first": "y"}))
    given(document).facts(x(1)).then("A")
    given(document).facts(x(1), y(20)).then("B", since=25)


def test_an_anchor_takes_lists_of_types_and_the_star() -> None:
    given(rules(move("A->B", after="5d", since={"last": ["x", "y"]}))).facts(x(1), y(3)).then("B", since=8)
    given(rules(move("A->B", after="5d", since={"last": "*"}))).facts(x(1), fact("z", 4)).then("B", since=9)


def test_a_fact_at_the_very_deadline_counts() -> None:
    document = rules(move("A->B", after="5d", since={"last": "x"}))
    given(document).facts(x(1), x(6)).on(10).then("A")
    given(document).facts(x(1), x(6)).then("B", since=11)


def test_a_timer_due_before_a_fact_fires_before_it() -> None:
    document = rules(move("A->B", after="5d"), move("B->C", on("y")))
    given(document).facts(x(1), y(6 + SECOND)).then("C", since=6 + SECOND)


def test_a_timer_due_at_a_fact_fires_after_it() -> None:
    document = rules(move("A->B", after="5d"), move("B->C", on("y")))
    given(document).facts(x(1), y(6)).then("B", since=6)


def test_a_timer_due_at_several_facts_of_one_instant_fires_after_all_of_them() -> None:
    document = rules(move("A->B", after="5d"), move("B->C", on("y")), move("A->C", on("z")))
    given(document).facts(x(1), y(6), fact("z", 6)).then("C", since=6).then_moves("6 A->C")


def test_timers_fire_in_order_of_due_time_between_facts() -> None:
    document = rules(move("B->C", after="2d"), move("A->B", after="3d"))
    given(document).facts(x(1), y(20)).then_moves("4 A->B", "6 B->C")


def test_at_the_end_timers_due_by_then_fire_and_later_ones_do_not() -> None:
    story = given(rules(move("A->B", after="5d"))).facts(x(1))
    assert [story.on(at).folded().standing.stage for at in (5, 6, 7)] == ["A", "B", "B"]


def test_a_late_fact_can_undo_a_timer() -> None:
    document = rules(move("A->B", after="5d", since={"last": "x"}))
    story = given(document).facts(x(1), learned(x(4), on_day=8))
    story.on(7, known_at=7).then("B", since=6)
    story.on(7, known_at=8).then("A", since=1)


def test_an_overdue_timer_fires_at_the_present_instant_after_its_facts() -> None:
    document = rules(
        move("B->C", after="2d", since={"first": "x"}), move("A->B", on("y")), move("B->A", on("z"), id="undone")
    )
    given(document).facts(x(1), y(10)).then_moves("10 A->B", "10 B->C")
    given(document).facts(x(1), y(10), fact("z", 10)).then_moves("10 A->B", "10 B->A")


def test_a_timer_fires_once_per_anchor_in_a_stay() -> None:
    document = rules(move("A->B", after="5d", since={"first": "x"}), move("B->A", on("y")))
    given(document).facts(x(1), y(10)).then("A", since=10)


def test_a_timer_fires_again_for_a_new_anchor() -> None:
    document = rules(move("A->B", after="5d"), move("B->A", on("y")))
    given(document).facts(x(1), y(10)).then_moves("6 A->B", "10 B->A", "15 A->B")


def test_a_timer_whose_if_is_false_waits_for_a_new_anchor() -> None:
    document = rules(move("A->B", if_(tag="ok"), after="5d", since={"last": "x"}))
    tagged_later = fact("tag.added", 8, tag="ok")
    given(document).facts(x(1), tagged_later).then("A")
    given(document).facts(x(1), tagged_later, x(9)).then("B", since=14)


def test_the_if_of_a_timer_is_judged_at_its_instant_after_the_facts() -> None:
    document = rules(move("A->B", if_(tag="ok"), after="5d"))
    given(document).facts(x(1), fact("tag.added", 6, tag="ok")).then("B", since=6)
    given(document).facts(fact("tag.added", 1, tag="ok"), fact("tag.removed", 6, tag="ok")).then("A")


def test_a_timer_whose_if_is_false_is_a_run_all_the_same() -> None:
    document = rules(
        move("A->B", if_(tag="never"), after="5d"),
        move("A->C", if_(in_stage_for="5d")),
        opportunities=[card("card", if_(in_stage_for="5d"))],
    )
    given(document).facts(x(1)).then("C", since=6, open=[]).then_moves("6 A->C")


def test_a_timer_run_examines_stage_rules_and_opportunities_after_its_effect() -> None:
    document = rules(
        move("A->B", after="5d"), move("B->C", if_(stage="B")), opportunities=[card("card", if_(stage="C"))]
    )
    given(document).facts(x(1)).then_steps(
        "1 entered A by enter at x",
        "6 moved A->B by A->B at after",
        "6 moved B->C by B->C at after",
        "6 opened card by card at after",
    )


def test_a_timer_run_examines_no_when() -> None:
    document = rules(
        move("A->B", after="5d"),
        move("B->C", on("*")),
        tags=[tag("t", on("*"), if_(stage="B"))],
        opportunities=[card("card", on("*"), if_(stage="B"))],
    )
    given(document).facts(x(1)).then("B", since=6, tags=[], open=[])


def test_a_timer_belongs_to_the_stages_of_its_from() -> None:
    document = rules(move("B,C->A", after="2d"), move("A->B", on("y")))
    given(document).facts(x(1)).then("A", since=1)
    given(document).facts(x(1), y(5)).then_moves("5 A->B", "7 B->A")


def test_a_timer_to_the_present_stage_is_not_armed() -> None:
    story = given(rules(move("*->A", after="2d"))).facts(x(1))
    assert story.folded().standing.next_timer is None


def test_leaving_a_stage_disarms_its_timer() -> None:
    document = rules(move("A->C", after="5d"), move("A->B", on("y")))
    given(document).facts(x(1), y(3)).then("B", since=3)


def test_moves_due_at_one_instant_fire_in_the_order_of_the_document() -> None:
    to_b, to_c = move("A->B", after="5d"), move("A->C", after="5d")
    given(rules(to_b, to_c)).facts(x(1)).then("B")
    given(rules(to_c, to_b)).facts(x(1)).then("C")


def test_the_first_of_two_moves_due_at_one_instant_disarms_the_other() -> None:
    document = rules(move("A->B", after="5d"), move("A->C", after="5d"))
    given(document).facts(x(1)).then_moves("6 A->B")


def test_of_one_instant_expiries_come_before_moves_and_moves_before_ends_of_opportunities() -> None:
    document = rules(
        move("A->B", after="5d"),
        tags=[tag("hot", on("x"), expires="5d")],
        opportunities=[card("card", on("x"), open_for="5d")],
    )
    given(document).facts(x(1)).then_steps(
        "1 entered A by enter at x",
        "1 tag_added hot by hot at x",
        "1 opened card by card at x",
        "6 tag_removed hot by hot at expiry",
        "6 moved A->B by A->B at after",
        "6 closed card by card at open_for",
    )


def test_of_one_instant_expiries_come_before_the_end_of_a_hold() -> None:
    document = rules(move("A->B", if_(all=[{"seen": "x"}, {"not": {"tag": "hot"}}])))
    document["tags"] = [tag("hot", on("x"), expires="5d")]
    given(document).facts(set_to("A", 1, hold="5d"), x(1)).then_steps(
        "1 entered A by enter at stage.set",
        "1 tag_added hot by hot at x",
        "6 tag_removed hot by hot at expiry",
        "6 moved A->B by A->B at expiry",
    )


def test_of_one_instant_the_end_of_a_hold_comes_before_moves() -> None:
    document = rules(move("A->C", after="5d"), move("A->B", if_(seen="x")))
    given(document).facts(set_to("A", 1, hold="5d"), x(1)).then_steps(
        "1 entered A by enter at stage.set", "6 moved A->B by A->B at hold"
    )


def test_of_one_instant_coming_into_force_comes_first() -> None:
    old = rules(tags=[tag("hot", on("x"), expires="5d")])
    new = rules(move("A->B", if_(tag="hot")), tags=old["tags"])
    given(old).then_from(6, new).facts(x(1)).then_steps(
        "1 entered A by enter at x",
        "1 tag_added hot by hot at x",
        "6 moved A->B by A->B at rulebook",
        "6 tag_removed hot by hot at expiry",
    )


def test_the_timers_of_one_instant_always_come_to_an_end() -> None:
    first = {"first": "x"}
    document = rules(
        move("A->B", after="1d", since=first),
        move("B->C", after="1d", since=first),
        move("C->A", after="1d", since=first),
    )
    given(document).facts(x(1)).then_moves("2 A->B", "2 B->C", "2 C->A")


def test_a_chain_of_timers_goes_on_without_a_fact() -> None:
    document = rules(move("A->B", after="1d"), move("B->A", after="1d"))
    given(document).facts(x(1)).on(5.5).then_moves("2 A->B", "3 B->A", "4 A->B", "5 B->A")


def test_a_forecast_says_what_happens_if_nothing_more_is_heard() -> None:
    given(rules(move("A->B", after="40d"))).facts(x(1)).on(400).then("B", since=41)


def test_the_next_timer_is_the_earliest_of_all_kinds() -> None:
    document = rules(
        move("A->B", after="9d"),
        tags=[tag("hot", on("x"), expires="5d")],
        opportunities=[card("card", on("x"), open_for="3d")],
    )
    story = given(document).facts(x(1), set_to("A", 1, hold="2d"))

    def next_timer(on_day: Day) -> tuple[int, str, str | None] | None:
        timer = story.on(on_day).folded().standing.next_timer
        return None if timer is None else (timer.at, timer.kind, timer.rule)

    assert next_timer(2) == (day(3), "hold", None)
    assert next_timer(3) == (day(4), "open_for", "card")
    assert next_timer(4) == (day(6), "expiry", "hot")
    assert next_timer(6) == (day(10), "after", "A->B")
    assert next_timer(10) is None


def test_the_next_timer_may_be_a_version_coming_into_force() -> None:
    story = given(rules(move("A->B", after="9d"))).then_from(5, rules(), published=1).facts(x(1))
    timer = story.on(2).folded().standing.next_timer

    assert timer is not None
    assert (timer.at, timer.kind, timer.rule) == (day(5), "rulebook", None)


def test_steps_and_standing_at_an_instant_do_not_depend_on_later_facts() -> None:
    document = rules(move("A->B", after="5d", since={"last": "x"}), tags=[tag("hot", on("y"), expires="2d")])
    facts = [x(1), y(3), x(5), y(10), x(30)]
    for as_of in (2, 4, 5, 6, 9, 10, 12, 29):
        short = given(document).facts(*(told for told in facts if told.occurred_at <= day(as_of))).on(as_of).folded()
        assert given(document).facts(*facts).on(as_of).folded() == short
