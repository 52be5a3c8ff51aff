"""Fine print of the fold: who is on the journey at all."""

from tests.domain.given import (
    card,
    done,
    fact,
    given,
    if_,
    move,
    on,
    profile,
    rules,
    set_to,
    tag,
    tagged,
    untagged,
    x,
    y,
)


def test_without_enter_every_fact_enters() -> None:
    given(rules()).facts(fact("anything", 3)).then("A", since=3).then_steps("3 entered A by enter at anything")


def test_enter_by_when_is_examined_off_the_journey_only() -> None:
    document = rules(move("A->B", on("y")), enter=on("in"))
    given(document).facts(fact("in", 1), y(2), fact("in", 3)).then("B", since=2).then_steps(
        "1 entered A by enter at in", "2 moved A->B by A->B at y"
    )


def test_enter_by_if_alone_is_examined_at_every_fact() -> None:
    document = rules(enter=if_(count="x", at_least=2))
    given(document).facts(x(1)).then(None)
    given(document).facts(x(1), x(2)).then("A", since=2)


def test_enter_is_examined_at_facts_only_never_at_an_instant() -> None:
    document = rules(enter=if_(count="x", at_most=0, within="1d"))
    given(document).facts(x(1)).then(None)
    given(document).facts(x(1), y(5)).then("A", since=5)


def test_enter_with_when_and_if_needs_both() -> None:
    document = rules(enter={**on(["added", "profile.changed"]), **if_(all=[{"seen": "added"}, {"attribute": "plan"}])})
    given(document).facts(fact("added", 1)).then(None)
    given(document).facts(fact("added", 1), profile(2, plan="pro")).then("A", since=2)
    given(document).facts(profile(1, plan="pro"), fact("added", 2)).then("A", since=2)
    given(document).facts(profile(1, plan="pro"), fact("added", 2), y(3)).then("A", since=2)


def test_leave_by_when_and_by_if() -> None:
    given(rules(enter=on("x"), leave=on("y"))).facts(x(1), y(2)).then(None)
    given(rules(enter=on("x"), leave=if_(seen="y"))).facts(x(1), y(2)).then(None)


def test_leave_is_examined_at_facts_only() -> None:
    document = rules(enter=on("x"), leave=if_(in_stage_for="2d"))
    given(document).facts(x(1)).then("A")
    given(document).facts(x(1), y(5)).then(None)


def test_at_most_one_of_enter_and_leave_happens_at_a_fact() -> None:
    document = rules(enter=on("x"), leave=on("x"))
    given(document).facts(x(1)).then("A", since=1)
    given(document).facts(x(1), x(2)).then(None)
    given(document).facts(x(1), x(2), x(3)).then("A", since=3)


def test_off_the_journey_stage_and_since_are_null() -> None:
    standing = given(rules(enter=on("x"), leave=on("y"))).facts(x(1), y(2)).folded().standing

    assert (standing.stage, standing.since, standing.next_timer) == (None, None, None)


def test_off_the_journey_no_rule_and_no_timer_runs() -> None:
    document = rules(
        move("A->B", on("y")),
        move("A->C", after="1d"),
        tags=[tag("t", on("y"))],
        opportunities=[card("card", on("y"))],
        enter=on("x"),
    )
    given(document).facts(y(1)).then_steps()


def test_off_the_journey_a_manual_move_does_nothing() -> None:
    document = rules(enter=on("x"))
    given(document).facts(set_to("B", 1, hold="20d"), x(2)).then("A", since=2)


def test_off_the_journey_facts_go_on_counting() -> None:
    document = rules(move("A->B", if_(count="y", at_least=2)), enter=on("x"))
    given(document).facts(y(1), y(2), x(3)).then("B", since=3)


def test_off_the_journey_attributes_and_tags_by_hand_apply() -> None:
    document = rules(
        move("A->B", if_(all=[{"tag": "vip"}, {"attribute": "plan", "eq": "pro"}])), enter=on("x"), leave=on("y")
    )
    given(document).facts(tagged(1, "vip"), profile(2, plan="pro"), x(3)).then("B", since=3, tags=["vip"])
    given(document).facts(tagged(1, "vip"), untagged(2, "vip"), x(3)).then("A", tags=[])


def test_leaving_drops_the_tags_given_by_rules_in_order_of_name_and_closes_cards_in_order_of_rule_id() -> None:
    document = rules(
        tags=[tag("z", on("x")), tag("a", on("x")), tag("m", on("x"), expires="9d")],
        opportunities=[card("z", on("x")), card("a", on("x"))],
        enter=on("x"),
        leave=on("out"),
    )
    given(document).facts(tagged(1, "hand"), x(2), fact("out", 3)).then(None, tags=["hand"], open=[]).then_steps(
        "1 tag_added hand by hand at tag.added",
        "2 entered A by enter at x",
        "2 tag_added z by z at x",
        "2 tag_added a by a at x",
        "2 tag_added m by m at x",
        "2 opened z by z at x",
        "2 opened a by a at x",
        "3 left A by leave at out",
        "3 tag_removed a by leave at out",
        "3 tag_removed m by leave at out",
        "3 tag_removed z by leave at out",
        "3 closed a by a at out",
        "3 closed z by z at out",
    )


def test_a_tag_that_people_took_over_from_a_rule_stays_after_leaving() -> None:
    document = rules(tags=[tag("t", on("x"))], enter=on("x"), leave=on("y"))
    given(document).facts(x(1), tagged(2, "t"), y(3)).then(None, tags=["t"])


def test_no_rule_is_examined_at_the_fact_that_leaves() -> None:
    document = rules(
        move("A->B", on("y")),
        tags=[tag("t", on("y"))],
        opportunities=[card("card", on("y"))],
        enter=on("x"),
        leave=on("y"),
    )
    given(document).facts(x(1), y(2)).then_steps("1 entered A by enter at x", "2 left A by leave at y")


def test_leaving_ends_the_hold() -> None:
    document = rules(move("A->B", on("y")), enter=on("x"), leave=on("out"))
    given(document).facts(x(1), set_to("A", 2, hold="20d"), fact("out", 3), x(4), y(5)).then("B", since=5)


def test_leaving_disarms_timers() -> None:
    document = rules(move("A->B", after="5d"), enter=on("x"), leave=on("y"))
    given(document).facts(x(1), y(3)).then(None)


def test_reentering_starts_at_the_initial_stage() -> None:
    document = rules(move("A->B", on("y")), enter=on("in"), leave=on("out"))
    given(document).facts(fact("in", 1), y(2), fact("out", 3), fact("in", 4)).then("A", since=4)


def test_the_fact_that_enters_is_also_examined_by_the_rules() -> None:
    document = rules(
        move("A->B", on("x")), tags=[tag("t", on("x"))], opportunities=[card("card", on("x"))], enter=on("x")
    )
    given(document).facts(x(1)).then("B", since=1, tags=["t"], open=["card"])


def test_a_manual_move_that_enters_has_effect() -> None:
    given(rules(move("B->C", on("stage.set")))).facts(set_to("B", 1)).then("B", since=1).then_moves("1 A->B")


def test_the_fact_that_enters_does_not_enter_the_initial_stage_again() -> None:
    given(rules(move("A->B", on("x")), move("B->A", on("x")))).facts(x(1)).then("B")


def test_a_new_stay_fires_first_again_and_opens_afresh() -> None:
    document = rules(
        move("A->B", after="1d", since={"first": "y"}),
        opportunities=[card("card", if_(seen="y"))],
        enter=on("in"),
        leave=on("out"),
    )
    story = given(document).facts(y(1), fact("in", 2), done("card", 3), fact("out", 4), fact("in", 5))
    story.then_moves("2 A->B", "5 A->B").then("B", since=5, open=["card"])


def test_a_void_is_no_fact_that_enters_once_it_has_voided() -> None:
    wrong = x(1)
    void = fact("fact.voided", 2, source="s", id="000", reason="wrong customer")
    given(rules()).facts(wrong, void).then(None).then_steps()
