"""Which moves people may make, whose other reasons a worked opportunity takes along, and what can be voided."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from domain.facts import Fact
from domain.instants import rfc_3339
from domain.journey.fold import fold
from domain.journey.manual import refuse_unfit_move
from domain.journey.worked_cards import rest_of_card
from domain.refusals import (
    AlreadyVoided,
    MoveNotAllowed,
    NoSuchStage,
    NotOpen,
    NotUnderstood,
    OffTheJourney,
    Refusal,
    StageChanged,
    VoidOfVoid,
)
from domain.voiding import refuse_unfit_void
from tests.domain.given import JOURNEY, Document, Story, card, day, fact, given, if_, move, on, rules, set_to, x, y

UP = move("A->B", on("x"))
ENTERED = rules(enter=on("x"), leave=on("y"))


def asked(story: Story, origin: str, target: str, **data: Any) -> Callable[[], None]:
    wanted = set_to(target, story.as_of, **{"from": origin}, **data)
    return lambda: refuse_unfit_move(wanted, story.known_facts, story.versions)


def standing_told(refusal: Refusal) -> Any:
    return refusal.present["standing"]


# Moves --------------------------------------------------------------------------------------------------------------


def test_a_move_from_the_present_stage_may_be_made() -> None:
    asked(given(rules(UP)).facts(x(1)).on(2), "B", "C")()


def test_the_stage_it_was_decided_on_must_still_be_true() -> None:
    with pytest.raises(StageChanged, match="It is B now") as refusal:
        asked(given(rules(UP)).facts(x(1)).on(2), "A", "C")()
    told = standing_told(refusal.value)
    assert (told["customer"], told["journey"], told["stage"], told["since"]) == ("c", JOURNEY, "B", rfc_3339(day(1)))


def test_a_timer_that_has_fired_counts_and_one_of_this_very_instant_comes_after_the_move() -> None:
    story = given(rules(move("A->B", after="3d"))).facts(y(1))
    asked(story.on(4), "A", "C")()
    later = replace(set_to("C", 4, **{"from": "A"}), occurred_at=day(4) + 1)
    with pytest.raises(StageChanged):
        refuse_unfit_move(later, story.known_facts, story.versions)


def test_what_is_known_to_happen_later_does_not_count() -> None:
    asked(given(rules(UP)).facts(y(1), x(3)).on(2), "A", "C")()


def test_off_the_journey_nobody_is_moved() -> None:
    never = given(ENTERED).facts(y(1)).on(2)
    left = given(ENTERED).facts(x(1), y(2)).on(3)
    for story in (never, left):
        with pytest.raises(OffTheJourney) as refusal:
            asked(story, "A", "B")()
        assert standing_told(refusal.value)["stage"] is None


def test_before_any_version_is_in_force_nobody_is_moved() -> None:
    with pytest.raises(OffTheJourney):
        asked(given().then_from(9, rules()).facts(x(1)).on(2), "A", "B")()


@pytest.mark.parametrize(("origin", "off"), [("A", False), ("nothing", False), ("A", True)])
def test_a_stage_must_be_known_to_the_version_that_judges_her(origin: str, off: bool) -> None:
    document = ENTERED if off else rules()
    story = given(document).then_from(9, rules(stages="AXYZ")).facts(y(1))
    with pytest.raises(NoSuchStage, match="It has A, B, C"):
        asked(story.on(2), origin, "X")()
    if not off:
        asked(story.on(10), "A", "X")()


def test_a_renamed_stage_is_unknown_to_people() -> None:
    story = given(rules()).then_from(2, rules(stages="AXC", renames={"B": "X"})).facts(y(1)).on(3)
    with pytest.raises(NoSuchStage):
        asked(story, "A", "B")()


def test_the_version_a_customer_is_pinned_to_judges_her() -> None:
    story = given(rules()).then_from(2, rules(stages="AX", in_flight="pin")).facts(y(1)).on(3)
    asked(story, "A", "B")()


MANUAL: Document = {"manual": [{"from": "A", "to": ["B"]}, {"to": "C"}]}


@pytest.mark.parametrize(("origin", "target", "may"), [("A", "B", True), ("A", "C", True), ("B", "A", False)])
def test_the_rulebook_says_which_moves_people_may_make(origin: str, target: str, may: bool) -> None:
    story = given(rules(UP, **MANUAL)).facts(x(1) if origin == "B" else y(1)).on(2)
    if may:
        asked(story, origin, target)()
        return
    with pytest.raises(MoveNotAllowed, match="From B to A") as refusal:
        asked(story, origin, target)()
    assert standing_told(refusal.value)["stage"] == "B"


def test_to_the_present_stage_is_no_move_and_always_allowed() -> None:
    asked(given(rules(UP, manual=[{"to": "C"}])).facts(x(1)).on(2), "B", "B", hold="3d")()


def test_an_empty_list_allows_no_move() -> None:
    story = given(rules())
    [only] = story.versions
    forbidding = replace(only, rulebook=replace(only.rulebook, manual=()))
    with pytest.raises(MoveNotAllowed):
        refuse_unfit_move(set_to("B", 2, **{"from": "A"}), [y(1)], [forbidding])


# Opportunities ------------------------------------------------------------------------------------------------------

CARDS = rules(
    opportunities=[
        card("chat", on("x")),
        card("chat-too", if_(seen="y")),
        card("call", on("x"), kind="call"),
        card("not-yet", on("z")),
    ]
)


def worked(rule: str, opened: float, at: float, **data: Any) -> Fact:
    said = {"journey": JOURNEY, "rule": rule, "opened_at": rfc_3339(day(opened)), **data}
    return replace(fact("opportunity.done", at, **said), id="k")


def test_the_other_reasons_of_the_card_are_worked_too() -> None:
    story = given(CARDS).facts(x(1), y(2), x(3))
    [other] = rest_of_card(worked("chat", 1, 4, note="fine"), story.known_facts, story.versions)
    assert (other.id, other.type, other.occurred_at) == ("k:chat-too", "opportunity.done", day(4))
    assert other.data == {"journey": JOURNEY, "rule": "chat-too", "opened_at": rfc_3339(day(2)), "note": "fine"}


def test_working_a_card_closes_it_and_leaves_other_kinds_open() -> None:
    story = given(CARDS).facts(x(1), y(2))
    done = worked("chat", 1, 4)
    further = rest_of_card(done, story.known_facts, story.versions)
    after = fold([*story.known_facts, done, *further], story.versions, day(4)).standing
    assert sorted(after.open) == ["call"]


@pytest.mark.parametrize(("rule", "opened"), [("chat", 2), ("chat", 3), ("not-yet", 1), ("nothing", 1)])
def test_an_opportunity_that_is_not_open_since_then_is_not_worked(rule: str, opened: float) -> None:
    story = given(CARDS).facts(x(1), x(3))
    with pytest.raises(NotOpen) as refusal:
        rest_of_card(worked(rule, opened, 4), story.known_facts, story.versions)
    assert [entry["rule"] for entry in refusal.value.present["open"]] == ["call", "chat"]


@pytest.mark.parametrize(("until", "fits"), [(3, False), (4, False), (4.001, True), (370, True), (370.001, False)])
def test_a_snooze_lies_ahead_and_ends_within_a_year(until: float, fits: bool) -> None:
    story = given(CARDS).facts(x(1))
    snoozed = replace(worked("chat", 1, 4, until=rfc_3339(day(until))), type="opportunity.snoozed")
    if fits:
        assert rest_of_card(snoozed, story.known_facts, story.versions) == []
        return
    with pytest.raises(NotUnderstood):
        rest_of_card(snoozed, story.known_facts, story.versions)


# Voids --------------------------------------------------------------------------------------------------------------


def voiding(target: Fact) -> Fact:
    return replace(fact("fact.voided", 9, source=target.source, id=target.id, reason="wrong"), id="v", position=8)


def test_a_fact_is_voided_once() -> None:
    wrong = replace(x(1), id="1", position=1)
    refuse_unfit_void(voiding(wrong), wrong, [wrong, voiding(replace(wrong, id="2"))])
    with pytest.raises(AlreadyVoided) as refusal:
        refuse_unfit_void(voiding(wrong), wrong, [wrong, voiding(wrong)])
    assert [fault.position for fault in refusal.value.faults] == [8]


def test_a_void_is_not_voided() -> None:
    with pytest.raises(VoidOfVoid):
        refuse_unfit_void(voiding(voiding(x(1))), voiding(x(1)), [])
