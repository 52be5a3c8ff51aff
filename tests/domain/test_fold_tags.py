"""Fine print of the fold: tags by hand and by rule, and their expiry."""

from typing import Any

import pytest

from domain.journey.steps import HeldTag
from tests.domain.given import Story, day, fact, given, if_, move, on, rules, set_to, tag, tagged, untag, untagged, x, y

HOT_FOR_5_DAYS = rules(tags=[tag("hot", on("x"), expires="5d")])


def held(story: Story, name: str) -> HeldTag:
    return story.folded().standing.tags[name]


def test_a_tag_by_hand_has_no_expiry_and_no_rule() -> None:
    hot = held(given(rules()).facts(tagged(1, "hot")), "hot")

    assert (hot.by, hot.rule, hot.expires, hot.since) == ("hand", None, None, day(1))


def test_a_rules_add_changes_nothing_on_a_tag_by_hand() -> None:
    story = given(HOT_FOR_5_DAYS).facts(tagged(1, "hot"), x(2))
    story.then("A", tags=["hot"])
    assert (held(story, "hot").by, held(story, "hot").since) == ("hand", day(1))


def test_by_hand_over_by_rule_becomes_by_hand_without_a_step_and_since_is_kept() -> None:
    story = given(HOT_FOR_5_DAYS).facts(x(1), tagged(3, "hot"))
    story.then("A", tags=["hot"]).then_steps("1 entered A by enter at x", "1 tag_added hot by hot at x")
    hot = held(story, "hot")
    assert (hot.by, hot.rule, hot.expires, hot.since) == ("hand", None, None, day(1))


def test_by_hand_over_by_hand_changes_nothing() -> None:
    story = given(rules()).facts(tagged(1, "hot"), tagged(2, "hot"))
    assert held(story, "hot").since == day(1)


@pytest.mark.parametrize(
    ("first", "second", "until"),
    [("5d", "1d", 6), ("1d", "5d", 6.5), (None, "1d", None), ("1d", None, None)],
)
def test_by_rule_over_by_rule_takes_the_later_expiry_and_none_is_never(
    first: str | None, second: str | None, until: float | None
) -> None:
    document = rules(
        tags=[
            tag("hot", on("x"), **({"expires": first} if first else {})),
            tag("hot", on("y"), id="again", **({"expires": second} if second else {})),
        ]
    )
    story = given(document).facts(x(1), y(1.5)).on(1.75)
    hot = held(story, "hot")
    assert (hot.expires, hot.since) == (None if until is None else day(until), day(1))


def test_a_renewal_is_no_step() -> None:
    given(HOT_FOR_5_DAYS).facts(x(1), x(3)).then_steps(
        "1 entered A by enter at x", "1 tag_added hot by hot at x", "8 tag_removed hot by hot at expiry"
    )


def test_the_step_of_an_expiry_names_the_rule_that_set_it() -> None:
    document = rules(tags=[tag("hot", on("x"), expires="1d"), tag("hot", on("y"), expires="9d", id="longer")])
    given(document).facts(x(1), y(1)).then_steps(
        "1 entered A by enter at x", "1 tag_added hot by hot at x", "10 tag_removed hot by longer at expiry"
    )


def test_tag_removed_takes_a_tag_by_hand_and_a_tag_by_rule() -> None:
    given(HOT_FOR_5_DAYS).facts(tagged(1, "vip"), x(2), untagged(3, "vip"), untagged(4, "hot")).then("A", tags=[])


def test_a_rules_remove_takes_a_tag_by_hand_and_a_tag_by_rule() -> None:
    document = rules(tags=[tag("hot", on("x")), untag("hot", on("y")), untag("vip", on("y"))])
    given(document).facts(tagged(1, "vip"), x(2), y(3)).then("A", tags=[])


def test_removing_a_tag_that_is_not_there_is_no_step() -> None:
    document = rules(tags=[untag("hot", on("x"))])
    given(document).facts(x(1), untagged(2, "hot")).then_steps("1 entered A by enter at x")


def test_since_is_when_the_tag_last_came() -> None:
    document = rules(tags=[tag("hot", on("x"), expires="2d")])
    assert held(given(document).facts(x(1), x(5)).on(6), "hot").since == day(5)


def test_a_tag_expires_at_the_very_instant() -> None:
    story = given(HOT_FOR_5_DAYS).facts(x(1))
    story.on(6 - 1e-9).then("A", tags=["hot"])
    story.on(6).then("A", tags=[])


def test_at_the_instant_of_its_expiry_a_tag_is_still_there_for_the_facts_of_that_instant() -> None:
    document = rules(move("A->B", on("y"), if_(tag="hot")), tags=HOT_FOR_5_DAYS["tags"])
    given(document).facts(x(1), y(6)).then("B", since=6, tags=[])


def test_a_fact_at_the_instant_of_expiry_renews() -> None:
    given(HOT_FOR_5_DAYS).facts(x(1), x(6)).on(10).then("A", tags=["hot"])


def test_tags_that_expire_at_one_instant_go_together_in_order_of_name_in_one_run() -> None:
    document = rules(
        move("A->B", if_(all=[{"seen": "x"}, {"not": {"tag": ["a", "z"]}}])),
        move("B->C", if_(stage="B")),
        tags=[tag("z", on("x"), expires="2d"), tag("a", on("x"), expires="2d")],
    )
    given(document).facts(x(1)).then_steps(
        "1 entered A by enter at x",
        "1 tag_added z by z at x",
        "1 tag_added a by a at x",
        "3 tag_removed a by a at expiry",
        "3 tag_removed z by z at expiry",
        "3 moved A->B by A->B at expiry",
        "3 moved B->C by B->C at expiry",
    )


def test_an_expiry_is_a_run_without_a_fact() -> None:
    document = rules(
        move("A->B", if_(all=[{"seen": "x"}, {"not": {"tag": "hot"}}])),
        move("A->C", on("*"), if_(count="x", at_least=2)),
        tags=[tag("hot", on("x"), expires="2d"), tag("cold", on("*"), if_(count="x", at_least=2))],
    )
    given(document).facts(x(1)).then("B", since=3, tags=[])


@pytest.mark.parametrize("name", [None, 7, "", ["hot"], {"hot": 1}])
def test_a_malformed_tag_by_hand_has_no_effect(name: Any) -> None:
    given(rules()).facts(tagged(1, name), untagged(2, name)).then("A", tags=[]).then_steps(
        "1 entered A by enter at tag.added"
    )


def test_a_tag_rule_may_add_what_another_removed_at_the_same_fact() -> None:
    document = rules(tags=[tag("hot", on("x")), untag("hot", on("y")), tag("hot", on("y"), id="back")])
    given(document).facts(x(1), y(2)).then("A", tags=["hot"]).then_steps(
        "1 entered A by enter at x",
        "1 tag_added hot by hot at x",
        "2 tag_removed hot by no hot at y",
        "2 tag_added hot by back at y",
    )


def test_tag_rules_run_on_at_a_manual_move() -> None:
    document = rules(tags=[tag("set", on("stage.set"))])
    given(document).facts(set_to("B", 1)).then("B", tags=["set"])


def test_tags_of_a_rule_belong_to_its_journey_and_tags_by_hand_to_all() -> None:
    here, there = rules(tags=[tag("ruled", on("x"))]), {**rules(), "journey": "other"}
    facts = (tagged(1, "hand"), x(2))
    given(here).facts(*facts).then("A", tags=["hand", "ruled"])
    given(there).facts(*facts).then("A", tags=["hand"])


def test_a_tag_is_added_by_the_text_as_it_is_also_if_no_rule_names_it() -> None:
    given(rules()).facts(tagged(1, " 打 折 ")).then("A", tags=[" 打 折 "])


def test_an_unknown_fact_with_a_tag_in_its_data_is_no_tag_by_hand() -> None:
    given(rules()).facts(fact("note.added", 1, tag="hot")).then("A", tags=[])
