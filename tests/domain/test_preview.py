"""The preview of a candidate: who would move the moment it comes into force, and what is counted."""

from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import given as given_any
from hypothesis import strategies as st

from domain.facts import Fact
from domain.instants import Instant
from domain.journey.in_force import ALWAYS, Version, version
from domain.journey.preview import NAMED, Preview
from domain.rulebook.document import build
from tests.domain.generate import PLACES, at, histories, publications
from tests.domain.given import (
    Day,
    Document,
    card,
    day,
    fact,
    if_,
    move,
    numbered,
    on,
    rules,
    x,
    y,
)
from tests.domain.naive import Published, naive_fold
from tests.domain.test_laws import versions

OLD = rules(move("A->B", on("x")))
FIRST = (version(build(OLD)),)
COMES = day(9)


def previewed(
    candidate: Document,
    *customers: Sequence[Fact],
    published: Sequence[Version] = FIRST,
    effective_from: Instant = COMES,
    now: Day = 5,
) -> dict[str, Any]:
    """Customers are called c00, c01, ... and fold in the reverse of that order."""
    number = len(published) + 1
    preview = Preview(published, version(build(candidate), number, effective_from, day(now)), day(now))
    for index, facts in reversed([*enumerate(customers)]):
        preview.take(f"c{index:02d}", numbered(facts))
    return preview.as_json()


def moves(report: dict[str, Any]) -> list[tuple[str | None, str | None, int]]:
    return [(move["from"], move["to"], move["count"]) for move in report["moves"]]


def test_under_the_same_rules_nobody_moves() -> None:
    report = previewed(OLD, [x(1)], [y(1)], [y(2)])

    assert (report["customers"], report["stay"], report["moves"]) == (3, 3, [])
    assert report["stages"] == [
        {"stage": "A", "now": 2, "then": 2},
        {"stage": "B", "now": 1, "then": 1},
        {"stage": "C", "now": 0, "then": 0},
        {"stage": None, "now": 0, "then": 0},
    ]


def test_the_largest_move_comes_first_and_names_its_customers_in_order() -> None:
    candidate = rules(move("A->C", if_(seen="y")), move("B->A", if_(seen="x")))
    report = previewed(candidate, [x(1)], [y(1)], [y(2)], [fact("z", 1)])

    assert moves(report) == [("A", "C", 2), ("B", "A", 1)]
    assert [move["customers"] for move in report["moves"]] == [["c01", "c02"], ["c00"]]
    assert (report["customers"], report["stay"]) == (4, 1)


def test_of_many_customers_the_first_are_named() -> None:
    report = previewed(rules(move("A->C", if_(seen="y"))), *([y(1)] for _ in range(NAMED + 5)))

    assert moves(report) == [("A", "C", NAMED + 5)]
    assert report["moves"][0]["customers"] == [f"c{number:02d}" for number in range(NAMED)]


def test_it_tells_what_it_would_be_and_when() -> None:
    report = previewed(OLD)

    assert {name: report[name] for name in ("journey", "effective_from", "as_of", "version", "based_on")} == {
        "journey": "j",
        "effective_from": "2026-03-09T00:00:00Z",
        "as_of": "2026-03-09T00:00:00Z",
        "version": 2,
        "based_on": 1,
    }


def test_what_falls_due_until_that_instant_has_happened_under_both() -> None:
    old = rules(move("A->B", after="8d"))
    assert previewed(old, [y(1)], published=[version(build(old))])["stages"][1] == {"stage": "B", "now": 1, "then": 1}


def test_timers_overdue_under_the_candidate_fire_at_that_instant() -> None:
    assert moves(previewed(rules(move("A->C", after="7d")), [y(1)], [y(5)])) == [("A", "C", 1)]


def test_a_candidate_from_the_past_is_looked_at_now() -> None:
    candidate = rules(move("A->C", on("y")), move("C->B", after="2d"))
    report = previewed(candidate, [y(4)], [y(3)], [y(1)], effective_from=day(2), now=5)

    assert (report["effective_from"], report["as_of"]) == ("2026-03-02T00:00:00Z", "2026-03-05T00:00:00Z")
    assert moves(report) == [("A", "B", 1), ("A", "C", 1)]
    assert [move["customers"] for move in report["moves"]] == [["c01"], ["c00"]]


def test_facts_that_have_not_happened_by_then_do_not_count() -> None:
    assert previewed(rules(move("A->C", if_(seen="x"))), [y(1), x(10)])["moves"] == []


def test_before_a_first_version_nobody_is_on_the_journey() -> None:
    report = previewed(OLD, [x(6)], [y(1)], published=[], effective_from=ALWAYS, now=7)

    assert (report["version"], report["based_on"], report["effective_from"]) == (1, None, None)
    assert report["as_of"] == "2026-03-07T00:00:00Z"
    assert moves(report) == [(None, "A", 1), (None, "B", 1)]
    assert report["stages"][-1] == {"stage": None, "now": 2, "then": 0}


def test_who_is_on_the_journey_under_neither_stays() -> None:
    entered = rules(enter=on("x"))
    assert previewed(entered, [y(1)], published=[version(build(entered))])["stay"] == 1


def test_a_rename_is_told_from_a_move() -> None:
    candidate = rules(move("A->C", if_(seen="z")), stages="DAC", renames={"B": "D"})
    report = previewed(candidate, [x(1)], [fact("z", 1)])

    assert [(move["from"], move["to"], move["renamed"]) for move in report["moves"]] == [
        ("A", "C", False),
        ("B", "D", True),
    ]
    assert {"stage": "B", "now": 1, "then": 0} in report["stages"]


def test_who_is_pinned_stays() -> None:
    pinned = rules(move("A->C", if_(seen="y")), in_flight="pin")
    assert previewed(pinned, [y(1)])["stay"] == 1


def test_opportunities_that_open_and_close_are_counted() -> None:
    old = rules(opportunities=[card("gone", on("x")), card("kept", on("x"))])
    new = rules(opportunities=[card("kept", on("x")), card("new", if_(seen="y"))])
    report = previewed(new, [x(1)], [y(1)], [x(1), y(2)], published=[version(build(old))])

    assert report["opportunities"] == {"opened": 2, "closed": 2}


def test_a_version_published_for_later_is_in_force_under_both() -> None:
    later = version(build(rules(move("A->C", if_(seen="y")))), 2, day(8), day(2))
    report = previewed(OLD, [y(1)], published=[version(build(OLD)), later])

    assert (report["version"], report["moves"]) == (3, [])
    assert report["stages"][2] == {"stage": "C", "now": 1, "then": 1}


@given_any(st.lists(histories(8), min_size=1, max_size=4), publications(), st.integers(0, PLACES + 10).map(at))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_in_any_world_it_counts_what_a_second_fold_finds(
    customers: list[tuple[Fact, ...]], published: tuple[Published, ...], now: Instant
) -> None:
    *before, candidate = versions(published)
    preview = Preview(before, candidate, now)
    for index, facts in enumerate(customers):
        preview.take(str(index), facts)
    report = preview.as_json()

    found = [
        (naive_fold(facts, published[:-1], preview.as_of), naive_fold(facts, published, preview.as_of))
        for facts in customers
    ]
    ways = [(now.stage, then.stage) for now, then in found]
    assert sorted(map(repr, moves(report))) == sorted(
        {repr((*way, ways.count(way))) for way in ways if way[0] != way[1]}
    )
    assert report["stay"] == sum(origin == target for origin, target in ways)
    for row in report["stages"]:
        assert row["now"] == sum(origin == row["stage"] for origin, _ in ways)
        assert row["then"] == sum(target == row["stage"] for _, target in ways)
    assert sum(row["now"] for row in report["stages"]) == sum(row["then"] for row in report["stages"]) == len(customers)
    assert report["opportunities"] == {
        "opened": sum(len(then.open.keys() - now.open.keys()) for now, then in found),
        "closed": sum(len(now.open.keys() - then.open.keys()) for now, then in found),
    }
