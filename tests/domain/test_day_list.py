"""The list of a day: who stands on it, how high, how old, and when a card is hidden or done with."""

from collections.abc import Sequence
from typing import Any

from domain.facts import Fact
from domain.instants import DAY, Instant, instant
from domain.journey.beliefs import belief
from domain.journey.day_list import Card, Day, day_list
from domain.journey.in_force import Version, version
from domain.journey.spells import spells
from domain.rulebook.document import build

MARCH_1 = instant("2026-03-01T00:00:00Z")
CALL = {"id": "call", "kind": "call", "when": {"fact": "asked"}, "rank": 60, "open_for": "5d"}
RULES: dict[str, Any] = {
    "journey": "j",
    "stages": [{"id": "A", "initial": True}],
    "opportunities": [
        {**CALL, "ageing": {"add": 10, "per": "1d"}, "closes": {"when": {"fact": "call.answered"}}},
        {"id": "price", "kind": "chat", "when": {"fact": "clicked"}, "rank": 40},
        {"id": "hello", "kind": "chat", "when": {"fact": "wrote"}, "rank": 30, "closes": {"when": {"fact": "sent"}}},
    ],
}
BOOK = version(build(RULES))


def at(day: int, hour: float = 0) -> Instant:
    return MARCH_1 + (day - 1) * DAY + round(hour / 24 * DAY)


def fact(type: str, happened: Instant, **data: Any) -> Fact:
    return Fact("s", f"{type}-{happened}-{data}", type, "c", happened, data=data, recorded_at=happened)


def worked(how: str, happened: Instant, rule: str, **more: Any) -> Fact:
    return fact(f"opportunity.{how}", happened, journey="j", rule=rule, **more)


def listed(
    facts: Sequence[Fact],
    day: int,
    upto: Instant | None = None,
    staff: str | None = None,
    versions: Sequence[Version] = (BOOK,),
) -> list[Card]:
    asked = Day(at(day), at(day + 1) - 1 if upto is None else upto)
    held = belief(facts, versions, asked.upto, asked.upto)
    by_number = {version.number: version for version in versions}
    return day_list((("c", spell) for spell in spells(held, "j")), by_number, asked, staff)


def said(cards: Sequence[Card]) -> list[tuple[str, float, list[str], bool]]:
    return [(card.kind, card.rank, [reason.rule.id for reason in card.reasons], card.open) for card in cards]


def test_one_card_per_customer_and_kind_bears_all_reasons_and_the_highest_rank() -> None:
    facts = [fact("wrote", at(1, 9)), fact("clicked", at(1, 10)), fact("asked", at(1, 11))]

    assert said(listed(facts, 1)) == [("call", 60, ["call"], True), ("chat", 40, ["price", "hello"], True)]


def test_it_ages_by_each_full_day_since_it_opened_seen_at_midnight() -> None:
    facts = [fact("asked", at(1, 12))]

    ranks = {day: [card.rank for card in listed(facts, day)] for day in range(1, 8)}

    # Open for five days: until noon of the sixth.
    assert ranks == {1: [60], 2: [60], 3: [70], 4: [80], 5: [90], 6: [100], 7: []}


def test_opened_today_it_has_no_age() -> None:
    (card,) = listed([fact("asked", at(3, 8))], 3)

    assert card.reasons[0].age == 0


def test_what_was_open_for_a_moment_of_the_day_stands_on_its_list_done_with() -> None:
    facts = [fact("asked", at(1, 12)), fact("call.answered", at(3, 9))]

    assert [said(listed(facts, day)) for day in (2, 3, 4)] == [
        [("call", 60, ["call"], True)],
        [("call", 70, ["call"], False)],
        [],
    ]
    (card,) = listed(facts, 3)
    assert (card.reasons[0].ended_at, card.reasons[0].ended_by) == (at(3, 9), "call.answered")


def test_closed_at_midnight_it_is_no_more_on_the_day_that_begins() -> None:
    facts = [fact("asked", at(1, 12)), fact("call.answered", at(2))]

    assert len(listed(facts, 1)) == 1
    assert listed(facts, 2) == []


def test_of_today_the_list_goes_up_to_now() -> None:
    facts = [fact("asked", at(1, 12))]

    assert listed(facts, 1, upto=at(1, 12) - 1) == []
    assert len(listed(facts, 1, upto=at(1, 12))) == 1


def test_snoozed_it_is_hidden_until_then_and_the_fold_does_not_care() -> None:
    facts = [fact("asked", at(1, 9)), worked("snoozed", at(1, 10), "call", until="2026-03-03T08:00:00Z")]

    assert [len(listed(facts, day)) for day in (1, 2, 3)] == [0, 0, 1]
    # Asked before it was snoozed, it was there.
    assert len(listed(facts, 1, upto=at(1, 9.5))) == 1


def test_the_last_snooze_counts_and_a_later_opening_is_news() -> None:
    facts = [
        fact("asked", at(1, 9)),
        worked("snoozed", at(1, 10), "call", until="2026-03-09T08:00:00Z"),
        worked("snoozed", at(1, 11), "call", until="2026-03-01T12:00:00Z"),
    ]
    again = [
        *facts[:2],
        fact("call.answered", at(2, 9)),
        fact("asked", at(3, 9)),
    ]

    assert len(listed(facts, 1)) == 1
    assert [len(listed(again, day)) for day in (2, 3)] == [0, 1]


def test_a_snooze_that_cannot_be_read_hides_nothing() -> None:
    facts = [
        fact("asked", at(1, 9)),
        worked("snoozed", at(1, 10), "call", until="soon"),
        worked("snoozed", at(1, 10), "call", until=7),
        fact("opportunity.snoozed", at(1, 11), journey="other", rule="call", until="2026-03-09T08:00:00Z"),
    ]

    assert len(listed(facts, 1)) == 1


def test_done_and_skipped_close_the_reason_they_name() -> None:
    facts = [fact("wrote", at(1, 9)), fact("clicked", at(1, 10)), worked("done", at(1, 11), "price")]

    (card,) = listed(facts, 1)

    assert [(reason.rule.id, reason.ended_by) for reason in card.reasons] == [
        ("price", "opportunity.done"),
        ("hello", None),
    ]
    assert [said(listed(facts, 2))] == [[("chat", 30, ["hello"], True)]]


def test_it_is_on_the_list_of_whose_customer_she_is() -> None:
    facts = [
        fact("contact.added", at(1), staff="ai"),
        fact("asked", at(1, 9)),
        fact("staff.assigned", at(2, 12), staff="bei"),
    ]

    assert [[card.staff for card in listed(facts, day)] for day in (1, 2, 3)] == [["ai"], ["bei"], ["bei"]]
    assert [len(listed(facts, 2, staff=staff)) for staff in ("ai", "bei", "chu")] == [0, 1, 0]


def test_worked_before_she_was_given_away_it_stays_with_who_worked_it() -> None:
    facts = [
        fact("contact.added", at(1), staff="ai"),
        fact("asked", at(1, 9)),
        fact("call.answered", at(1, 10)),
        fact("staff.assigned", at(1, 12), staff="bei"),
    ]

    assert [card.staff for card in listed(facts, 1)] == ["ai"]


def test_a_new_version_ranks_what_it_keeps_by_its_own_rule() -> None:
    later = {**RULES, "opportunities": [{**CALL, "kind": "visit", "rank": 5}]}
    versions = [BOOK, version(build(later), 2, at(2, 12), at(1))]
    facts = [fact("asked", at(1, 9)), fact("wrote", at(1, 10))]

    days = [said(listed(facts, day, versions=versions)) for day in (1, 2, 3)]

    assert days[0] == [("call", 60, ["call"], True), ("chat", 30, ["hello"], True)]
    # The second version has no chat: closed as it came into force, it was still open that morning.
    assert days[1] == [("chat", 30, ["hello"], False), ("visit", 5, ["call"], True)]
    assert days[2] == [("visit", 5, ["call"], True)]


def test_opened_and_closed_at_one_instant_it_was_never_open() -> None:
    facts = [fact("asked", at(1, 9)), worked("skipped", at(1, 9), "call")]

    assert listed(facts, 1) == []
