"""Fine print of the fold: when a card opens, is renewed and closes."""

from dataclasses import replace
from typing import Any

import pytest

from domain.journey.steps import OpenOpportunity
from tests.domain.given import Story, card, day, done, fact, given, if_, move, on, rules, tag, tagged, untagged, x, y


def opportunity(story: Story, name: str = "card") -> OpenOpportunity:
    return story.folded().standing.open[name]


def only(*cards: dict[str, Any], **more: Any) -> dict[str, Any]:
    return rules(opportunities=list(cards), **more)


def test_with_when_a_card_opens_at_a_matching_fact() -> None:
    document = only(card("card", on("x", where={"v": 1})))
    given(document).facts(x(1)).then("A", open=[])
    given(document).facts(x(1), x(2, v=1)).then("A", open=["card"])


def test_with_when_and_if_both_must_hold_at_the_fact() -> None:
    document = only(card("card", on("x"), if_(tag="hot")))
    given(document).facts(x(1), tagged(2, "hot")).then("A", open=[])
    given(document).facts(tagged(1, "hot"), x(2), untagged(3, "hot")).then("A", open=["card"])


def test_a_matching_fact_renews_the_time_of_an_open_card_without_a_step() -> None:
    story = given(only(card("card", on("x"), open_for="2d"))).facts(x(1), x(2.5))
    story.then_steps("1 entered A by enter at x", "1 opened card by card at x", "4.5 closed card by card at open_for")
    assert opportunity(story.on(3)) == OpenOpportunity("chat", day(1), day(4.5))


def test_a_card_ends_at_the_very_instant() -> None:
    story = given(only(card("card", on("x"), open_for="2d"))).facts(x(1))
    story.on(3 - 1e-9).then("A", open=["card"])
    story.on(3).then("A", open=[])


def test_a_fact_at_the_instant_of_the_end_renews() -> None:
    given(only(card("card", on("x"), open_for="2d"))).facts(x(1), x(3)).on(4).then("A", open=["card"])


def test_without_open_for_a_card_stays_open() -> None:
    given(only(card("card", on("x")))).facts(x(1)).on(999).then("A", open=["card"])


def test_the_end_of_a_card_closes_it_and_nothing_else() -> None:
    document = rules(
        move("A->B", if_(in_stage_for="2d")),
        opportunities=[card("card", on("x"), open_for="2d"), card("other", if_(in_stage_for="2d"))],
    )
    given(document).facts(x(1)).then_steps(
        "1 entered A by enter at x", "1 opened card by card at x", "3 closed card by card at open_for"
    )


def test_with_if_alone_a_card_opens_when_a_run_finds_it_true_that_was_not() -> None:
    document = only(card("card", if_(tag="hot")))
    given(document).facts(x(1), tagged(2, "hot"), x(3)).then_steps(
        "1 entered A by enter at x", "2 tag_added hot by hand at tag.added", "2 opened card by card at tag.added"
    )


def test_with_if_alone_a_card_is_not_renewed_while_it_stays_true() -> None:
    story = given(only(card("card", if_(tag="hot"), open_for="5d"))).facts(tagged(1, "hot"), x(3))
    assert opportunity(story.on(4)).until == day(6)


def test_at_entry_a_condition_counts_as_false_so_far() -> None:
    document = only(card("card", if_(tag="hot")), enter=on("x"))
    given(document).facts(tagged(1, "hot"), x(2)).then("A", open=["card"])


def test_with_if_alone_a_card_closes_when_a_run_finds_it_false() -> None:
    document = only(card("card", if_(tag="hot")))
    given(document).facts(tagged(1, "hot"), untagged(2, "hot")).then_steps(
        "1 tag_added hot by hand at tag.added",
        "1 entered A by enter at tag.added",
        "1 opened card by card at tag.added",
        "2 tag_removed hot by hand at tag.removed",
        "2 closed card by card at tag.removed",
    )


def test_a_timer_run_opens_and_closes_cards_with_if_alone() -> None:
    document = only(
        card("hot", if_(tag="hot")),
        card("cold", if_(all=[{"seen": "x"}, {"not": {"tag": "hot"}}])),
        tags=[tag("hot", on("x"), expires="2d")],
    )
    given(document).facts(x(1)).then_steps(
        "1 entered A by enter at x",
        "1 tag_added hot by hot at x",
        "1 opened hot by hot at x",
        "3 tag_removed hot by hot at expiry",
        "3 closed hot by hot at expiry",
        "3 opened cold by cold at expiry",
    )


@pytest.mark.parametrize("fact_type", ["opportunity.done", "opportunity.skipped"])
def test_done_and_skipped_close_and_it_does_not_reopen_while_it_stays_true(fact_type: str) -> None:
    document = only(card("card", if_(tag="hot")))
    worked = replace(done("card", 2), type=fact_type)
    given(document).facts(tagged(1, "hot"), worked, x(3)).then("A", open=[])
    given(document).facts(tagged(1, "hot"), worked, untagged(3, "hot"), tagged(4, "hot")).then("A", open=["card"])


def test_ended_a_card_does_not_reopen_while_its_condition_stays_true() -> None:
    document = only(card("card", if_(tag="hot"), open_for="2d"))
    given(document).facts(tagged(1, "hot"), x(5)).then("A", open=[])
    given(document).facts(tagged(1, "hot"), untagged(5, "hot"), tagged(6, "hot")).on(7).then("A", open=["card"])


@pytest.mark.parametrize(
    "data", [{"journey": "other"}, {"journey": None}, {"rule": "other"}, {"rule": None}, {"rule": ["card"]}]
)
def test_done_needs_the_journey_and_the_rule(data: dict[str, Any]) -> None:
    given(only(card("card", on("x")))).facts(x(1), done("card", 2, **data)).then("A", open=["card"])


def test_done_on_a_card_that_is_not_open_is_no_step() -> None:
    given(only(card("card", on("x")))).facts(y(1), done("card", 2)).then_steps("1 entered A by enter at y")


def test_snoozed_changes_nothing_in_the_fold() -> None:
    snoozed = fact("opportunity.snoozed", 2, journey="j", rule="card", until="2026-03-09T00:00:00Z")
    given(only(card("card", on("x")))).facts(x(1), snoozed).then("A", open=["card"])


def test_closes_is_a_trigger_by_fact() -> None:
    document = only(card("card", on("x"), closes=on("y")))
    given(document).facts(x(1), y(2)).then_steps(
        "1 entered A by enter at x", "1 opened card by card at x", "2 closed card by card at y"
    )


def test_closes_is_a_trigger_by_condition_in_every_run() -> None:
    hot_for_2_days = tag("hot", on("x"), expires="2d")
    document = only(card("card", on("x"), closes=if_(**{"not": {"tag": "hot"}})), tags=[hot_for_2_days])
    given(document).facts(x(1)).then("A", open=[]).then_steps(
        "1 entered A by enter at x",
        "1 tag_added hot by hot at x",
        "1 opened card by card at x",
        "3 tag_removed hot by hot at expiry",
        "3 closed card by card at expiry",
    )


def test_closed_by_its_trigger_it_does_not_reopen_while_it_stays_true() -> None:
    document = only(card("card", if_(tag="hot"), closes=on("y")))
    given(document).facts(tagged(1, "hot"), y(2), x(3)).then("A", open=[])


def test_what_closes_is_examined_before_what_opens() -> None:
    document = only(card("card", on("x"), open_for="9d", closes=on("x")))
    given(document).facts(x(1), x(2)).then_steps(
        "1 entered A by enter at x",
        "1 opened card by card at x",
        "2 closed card by card at x",
        "2 opened card by card at x",
        "11 closed card by card at open_for",
    )


def test_rules_are_examined_in_the_order_of_the_document() -> None:
    document = only(card("z", on("x"), closes=on("y")), card("a", on("x"), closes=on("y")))
    given(document).facts(x(1), y(2)).then_steps(
        "1 entered A by enter at x",
        "1 opened z by z at x",
        "1 opened a by a at x",
        "2 closed z by z at y",
        "2 closed a by a at y",
    )


def test_ends_of_one_instant_come_in_the_order_of_the_document() -> None:
    document = only(card("z", on("x"), open_for="1d"), card("a", on("x"), open_for="1d"))
    given(document).facts(x(1)).then_steps(
        "1 entered A by enter at x",
        "1 opened z by z at x",
        "1 opened a by a at x",
        "2 closed z by z at open_for",
        "2 closed a by a at open_for",
    )


def test_an_opportunity_sees_the_stage_the_same_run_led_to() -> None:
    document = rules(move("A->B", on("x")), opportunities=[card("card", on("x"), if_(stage="B"))])
    given(document).facts(x(1)).then("B", open=["card"])


def test_opportunities_exist_on_the_journey_only() -> None:
    document = only(card("card", on("x")), enter=on("in"), leave=on("out"))
    given(document).facts(x(1)).then(None, open=[])
    given(document).facts(fact("in", 1), x(2), fact("out", 3)).then(None, open=[])


def test_opportunities_never_move_anybody() -> None:
    with_cards = rules(move("A->B", on("y")), opportunities=[card("card", on("x")), card("if", if_(seen="x"))])
    without = {**with_cards, "opportunities": []}
    facts = (x(1), done("card", 2), y(3))
    assert given(with_cards).facts(*facts).folded().standing.stage == "B"
    assert given(without).facts(*facts).folded().standing.stage == "B"
