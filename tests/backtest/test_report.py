"""What a report says of small worlds."""

from typing import Any

import pytest

from backtest.varying import Vary
from domain.instants import instant
from domain.journey.in_force import version
from domain.refusals import NotUnderstood
from domain.rulebook.document import build
from tests.backtest.given import backtested, report
from tests.domain.given import card, day, done, fact, if_, move, on, rules, x, y

OLD = rules(move("A->B", on("x")))
SOON = rules(move("A->B", on("x")), move("*->C", after="2d"))
LATER = rules(move("A->B", on("x")), move("*->C", after="4d"))


def stages(said: dict[str, Any], side: str) -> dict[str | None, int]:
    return {one["stage"]: one[side] for one in said["stages"] if one[side]}


def test_under_the_same_rules_nobody_differs() -> None:
    said = report(OLD, OLD, [x(1)], [y(2)])

    assert said["differ"] == {"customers": 0, "elsewhere": 0, "first": []}
    assert stages(said, "published") == stages(said, "candidate") == {"A": 1, "B": 1}


def test_who_stands_where_at_the_end_of_each_day() -> None:
    said = report(SOON, LATER, [y(2.5)], [x(4)], until=6)

    assert said["days"]["dates"] == ["2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05"]
    counts = {side: {one["stage"]: one["counts"] for one in said["days"][side]} for side in ("published", "candidate")}
    assert counts["published"] == {"A": [0, 1, 1, 0, 0], "B": [0, 0, 0, 1, 0], "C": [0, 0, 0, 1, 2], None: [0] * 5}
    assert counts["candidate"] == {"A": [0, 1, 1, 1, 1], "B": [0, 0, 0, 1, 1], "C": [0, 0, 0, 0, 0], None: [0] * 5}


def test_the_last_day_ends_with_the_period_its_last_instant_included() -> None:
    assert [one["counts"] for one in report(OLD, OLD, [x(2)], until=2)["days"]["published"]][1] == [1]


def test_a_day_is_that_of_the_candidates_time_zone() -> None:
    shanghai = OLD | {"timezone": "Asia/Shanghai"}
    said = report(OLD, shanghai, [y(1), x(1.75)], until=2.5)

    assert said["days"]["dates"] == ["2026-03-01", "2026-03-02"]
    assert [one["counts"] for one in said["days"]["published"]][:2] == [[1, 0], [0, 1]]


def test_asked_for_all_there_ever_was_the_days_begin_with_the_first_customer() -> None:
    said = report(OLD, OLD, [x(3)], [x(5)], since=None, until=6)

    assert said["days"]["dates"] == ["2026-03-03", "2026-03-04", "2026-03-05"]
    assert said["period"]["from"] is None


def test_of_a_long_period_the_last_days_are_told() -> None:
    said = report(OLD, OLD, [x(3)], [fact("x", -800_000)], since=None, until=6)

    assert len(said["days"]["dates"]) == len(said["board"]["days"]) == 3660
    assert said["days"]["dates"][-1] == "2026-03-05"
    assert [one["counts"][0] for one in said["days"]["published"]][:2] == [0, 1]


def test_moves_of_the_period_are_counted_by_what_made_them() -> None:
    said = report(SOON, LATER, [y(1)], [x(4)], since=2)

    made = [tuple(one.values()) for one in said["moves"]]
    assert ("moved", "B", "C", "*->C", "after", 1, 1) in made
    assert ("moved", "A", "B", "A->B", "fact", 1, 1) in made
    assert ("moved", "A", "C", "*->C", "after", 1, 1) in made
    assert not [one for one in made if one[0] == "entered" and one[6] == 2]


def test_the_first_step_that_differs_is_told_with_its_side_and_its_cause() -> None:
    result = backtested(SOON, LATER, [y(1)], [x(2)], [y(9)], until=10)

    assert result.report["differ"]["customers"] == 2
    assert result.report["differ"]["elsewhere"] == 0
    row = result.differing.to_pylist()[0]
    assert (row["customer"], row["published_at"], row["candidate_at"]) == ("c00", day(3), day(5))
    assert (row["published_stage"], row["published_since"], row["candidate_since"]) == ("C", day(3), day(5))
    assert (row["published_timer"], row["published_rule"], row["published_fact"]) == ("after", "*->C", None)


def test_another_rule_at_the_same_instant_is_a_difference_of_the_candidates_side() -> None:
    other = rules({**move("A->B", on("x")), "id": "other"})
    said = report(OLD, other, [x(2)])

    assert [(one["side"], one["rule"], one["customers"]) for one in said["differ"]["first"]] == [
        ("candidate", "other", 1)
    ]


def test_the_candidate_takes_the_place_of_all_versions_after_the_start_of_the_period() -> None:
    before = [
        version(build(OLD)),
        version(build(rules(move("A->C", on("x")))), 2, day(3)),
        version(build(rules()), 3, day(6)),
    ]
    said = report(before, OLD, [x(4)], [x(7)], since=5, until=10)

    assert stages(said, "published") == {"A": 1, "C": 1}
    assert stages(said, "candidate") == {"B": 1, "C": 1}
    assert said["candidate"] == {"version": 4, "hash": said["candidate"]["hash"], "based_on": 3}


def test_publishing_at_the_end_of_the_period_moves_those_in_flight() -> None:
    said = report(OLD, rules(move("B->C", if_(seen="x"))), [x(1)], [y(1)], since=9, until=9)

    assert said["in_flight"]["moves"] == [{"from": "B", "to": "C", "renamed": False, "customers": 1}]
    assert said["in_flight"]["stay"] == 1


CARDS = rules(stages="A", opportunities=[card("call", on("x"), kind="call", open_for="1d")])
LONGER = rules(stages="A", opportunities=[card("call", on("x"), kind="call", open_for="3d")])


def test_the_board_is_counted_by_day_and_by_seller() -> None:
    contact, handed = fact("contact.added", 1, staff="li"), fact("staff.assigned", 3.5, staff="wang")
    said = report(CARDS, LONGER, [contact, x(2.5), handed], [x(3.25)], until=6)

    assert [(day["published"], day["candidate"], day["both"]) for day in said["board"]["days"]] == [
        (0, 0, 0),
        (1, 1, 1),
        # Under the published rules her card was closed the moment she was handed over.
        (2, 2, 1),
        (1, 2, 1),
        (0, 2, 0),
    ]
    assert said["board"]["sellers"] == [
        {"staff": "li", "published": 2, "candidate": 1, "both": 1},
        {"staff": "wang", "published": 0, "candidate": 3, "both": 0},
        {"staff": None, "published": 2, "candidate": 3, "both": 2},
    ]


def test_a_snoozed_card_is_on_no_list_until_it_is_over() -> None:
    snoozed = fact("opportunity.snoozed", 2.5, journey="j", rule="call", until="2026-03-04T00:00:00Z")
    said = report(LONGER, LONGER, [x(2), snoozed], until=6)

    assert [one["published"] for one in said["board"]["days"]] == [0, 0, 0, 1, 0]


def test_what_came_of_the_listed() -> None:
    paid = fact("order.paid", 3)
    said = report(CARDS, LONGER, [x(2), paid], [x(2), x(3.5)], [fact("order.paid", 4)], outcome=("order.paid", 1))

    assert (said["outcomes"]["type"], said["outcomes"]["within"]) == ("order.paid", "1d")
    assert said["outcomes"]["published"] == {
        "listed": 3,
        "followed": 1,
        "precision": 1 / 3,
        "outcomes": 2,
        "foreseen": 1,
        "recall": 0.5,
        "lead_seconds": {"p10": 86400.0, "median": 86400.0, "p90": 86400.0},
    }
    # Renewed before it ended, the second's card is one card.
    assert said["outcomes"]["candidate"]["listed"] == 2


@pytest.mark.parametrize(("paid_on", "followed"), [(2, 0), (2.25, 1), (3, 1), (3.25, 0)])
def test_an_outcome_follows_a_listing_later_and_within_the_time(paid_on: float, followed: int) -> None:
    said = report(CARDS, CARDS, [x(2), fact("order.paid", paid_on)], outcome=("order.paid", 1))

    assert said["outcomes"]["published"]["followed"] == followed
    assert said["outcomes"]["published"]["foreseen"] == followed


def test_an_outcome_after_the_period_still_follows_but_is_none_of_it() -> None:
    said = report(CARDS, CARDS, [x(4), fact("order.paid", 5.5)], until=5, outcome=("order.paid", 2))

    assert (said["outcomes"]["published"]["followed"], said["outcomes"]["published"]["outcomes"]) == (1, 0)


def test_without_listings_or_outcomes_there_is_no_share() -> None:
    said = report(CARDS, CARDS, [y(4)], outcome=("order.paid", 2))

    assert said["outcomes"]["published"]["precision"] is None
    assert said["outcomes"]["published"]["recall"] is None
    assert said["outcomes"]["published"]["lead_seconds"] is None


def test_opened_and_closed_at_one_instant_is_no_listing() -> None:
    said = report(CARDS, CARDS, [x(2), done("call", 2)], outcome=("order.paid", 2))

    assert said["outcomes"]["published"]["listed"] == 0


def test_a_sweep_tells_each_value_apart() -> None:
    vary = Vary("opportunities.call.open_for", ("1d", "2d", "3d"))
    said = report(CARDS, CARDS, [x(2), fact("order.paid", 4)], until=8, outcome=("order.paid", 2), vary=vary)

    runs = said["sweep"]["runs"]
    assert [one["value"] for one in runs] == ["1d", "2d", "3d"]
    assert [one["cards"] for one in runs] == [1, 2, 3]
    assert [one["differ"] for one in runs] == [0, 1, 1]
    assert [one["outcomes"]["followed"] for one in runs] == [1, 1, 1]


def test_a_candidate_of_another_journey_is_refused() -> None:
    with pytest.raises(NotUnderstood):
        backtested(OLD, OLD | {"journey": "k"}, [x(1)])


def test_a_journey_without_customers_has_a_report_of_noughts() -> None:
    said = report(OLD, OLD, until=3)

    assert said["customers"] == {"folded": 0, "erased": 0, "damaged": 0}
    assert said["days"]["dates"] == ["2026-03-01", "2026-03-02"]
    assert instant(said["period"]["to"]) == day(3)


ENTERED = {"enter": {"when": {"fact": "in"}}, "leave": {"when": {"fact": "out"}}}
"""Only who comes in is on the journey, until she goes out."""


def test_who_was_never_on_the_journey_is_no_customer_of_it() -> None:
    late = OLD | {"enter": {"when": {"fact": "late"}}}
    said = report(OLD | ENTERED, late, [x(1)], [fact("in", 3), fact("out", 5)], [fact("late", 4)], since=None, until=6)

    assert said["customers"]["folded"] == 2
    assert said["facts"] == 4
    # The third counts from the day on which she enters under the candidate; until then she is not off the journey.
    assert said["days"]["dates"][0] == "2026-03-03"
    assert [one["counts"] for one in said["days"]["published"] if one["stage"] is None] == [[0, 1, 2]]
    assert [one["counts"] for one in said["days"]["candidate"] if one["stage"] is None] == [[1, 1, 1]]
    assert said["flow"] == [
        {"published": None, "candidate": "A", "customers": 1},
        {"published": None, "candidate": None, "customers": 1},
    ]


@pytest.mark.parametrize(("paid_on", "outcomes"), [(2, 0), (3, 1), (4, 1), (5, 1), (7, 1), (7.25, 0)])
def test_an_outcome_counts_on_the_journey_and_for_so_long_after_it(paid_on: float, outcomes: int) -> None:
    rulebook = CARDS | ENTERED
    hers = [fact("in", 3), fact("out", 5), fact("order.paid", paid_on)]
    said = report(rulebook, rulebook, hers, outcome=("order.paid", 2))

    assert said["outcomes"]["published"]["outcomes"] == outcomes
