"""The geometry of the pictures: true to the numbers, and no larger than an eye can use."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.board.pictures.bars import LENGTH, bar, longest
from api.board.pictures.flow import BANDS_TALL, MOST_BANDS, THINNEST, Pair, flow_picture
from api.board.pictures.lines import line_picture
from api.board.pictures.scale import axis, buckets, last_of, mean_of
from api.board.reported import begun, shown
from tests.api.backtest_example import example_report


@given(st.lists(st.floats(0, 1e9), max_size=20))
def test_every_value_lies_on_the_axis_and_the_ticks_are_even(values: list[float]) -> None:
    upright = axis(values, 1)

    assert all(-1e-6 <= upright.share(value) <= 1 + 1e-6 for value in values)
    assert (upright.ticks[0], upright.ticks[-1]) == (upright.low, upright.high)
    steps = {round(b - a, 6) for a, b in zip(upright.ticks, upright.ticks[1:], strict=False)}
    assert len(steps) == 1
    assert min(steps) >= 1
    assert len(upright.ticks) <= 4


@pytest.mark.parametrize(
    ("values", "least", "ticks"),
    [
        ([], 1, [0, 1]),
        ([0, 0], 1, [0, 1]),
        ([3], 1, [0, 2, 4]),
        ([9_600, 9_900], 1, [9_600, 9_800, 10_000]),
        ([100, 900], 1, [0, 500, 1_000]),
        ([14.0, 14.2], 0.1, [14, 14.1, 14.2]),
    ],
)
def test_an_axis_begins_at_nought_unless_that_hides_the_difference(
    values: list[float], least: float, ticks: list[float]
) -> None:
    assert list(axis(values, least).ticks) == ticks


@given(st.integers(0, 2_000), st.integers(1, 300))
def test_buckets_hold_every_day_once_in_order(days: int, most: int) -> None:
    groups = buckets(days, most)

    assert [day for group in groups for day in group] == list(range(days))
    assert len(groups) == min(days, most)
    assert not groups or max(map(len, groups)) - min(map(len, groups)) <= 1


def test_what_stands_is_thinned_to_the_last_and_what_is_made_to_the_mean() -> None:
    assert last_of([1, 5, 2, 8], buckets(4, 2)) == [5, 8]
    assert mean_of([1, 5, 2, 8], buckets(4, 2)) == [3, 5]


def test_a_line_goes_through_its_values_and_a_gap_lifts_the_pen() -> None:
    picture = line_picture({"candidate": [0, 10, None, 5]}, ["a", "b", "c", "d"], [0, 3])
    (line,) = picture.lines
    (left, bottom), (_, top), (right, middle) = line.dots

    assert re.sub(r"[\d. ]+", "", line.path) == "MLM"
    assert (left, right) == (picture.left, picture.right)
    assert middle == pytest.approx((bottom + top) / 2)
    assert [(mark.value, mark.anchor) for mark in picture.across] == [("a", "start"), ("d", "end")]


def test_a_flow_leaves_out_who_stays_and_is_as_wide_as_it_has_customers() -> None:
    pairs = [Pair("a", "a", 10_000), Pair("a", "b", 30), Pair("a", None, 10), Pair("b", "a", 20)]
    picture = flow_picture(pairs, ["a", "b", None])

    assert [(node.stage, node.customers) for node in picture.left] == [("a", 40), ("b", 20)]
    assert [(node.stage, node.customers) for node in picture.right] == [("a", 20), ("b", 30), (None, 10)]
    assert [node.tall for node in picture.left] == [BANDS_TALL * 40 / 60, BANDS_TALL * 20 / 60]
    assert [band.pair.customers for band in picture.bands] == [30, 20, 10]
    assert all(node.y + node.tall <= picture.height for node in (*picture.left, *picture.right))


def test_a_flow_draws_the_widest_and_shows_the_few_too() -> None:
    stages = [str(number) for number in range(20)]
    pairs = [Pair(a, b, 1 + int(a) * 20 + int(b)) for a in stages for b in stages]
    picture = flow_picture(pairs, stages)

    assert len(picture.bands) == MOST_BANDS
    assert picture.left_out == 20 * 19 - MOST_BANDS
    assert min(band.pair.customers for band in picture.bands) > 300
    assert min(node.tall for node in flow_picture([Pair("0", "1", 1), Pair("1", "0", 10**6)], stages).left) == THINNEST


def test_nobody_elsewhere_is_an_empty_picture() -> None:
    assert flow_picture([Pair("a", "a", 5)], ["a"]).bands == []


def test_a_bar_of_one_can_be_seen_beside_a_million_and_nought_cannot() -> None:
    most = longest([1_000_000, 1], [0])
    assert [bar(value, most) for value in (1_000_000, 500_000, 0)] == [LENGTH, LENGTH / 2, 0]
    assert bar(1, most) > 0.5
    assert longest([], [0]) == 1


def test_the_days_begin_when_somebody_is_on_the_journey() -> None:
    report = example_report(days=5)
    for side, counts in (("published", [0, 0, 0, 4, 4]), ("candidate", [0, 0, 2, 4, 4])):
        report["days"][side] = [{"stage": "lead", "counts": counts}, {"stage": None, "counts": [9, 9, 9, 9, 9]}]
    cut = begun(report)

    assert cut["days"]["dates"] == report["days"]["dates"][2:]
    assert cut["days"]["candidate"] == [{"stage": "lead", "counts": [2, 4, 4]}, {"stage": None, "counts": [9, 9, 9]}]
    assert [day["date"] for day in cut["board"]["days"]] == cut["days"]["dates"]


def test_a_report_of_nobody_has_no_pictures_and_breaks_none() -> None:
    report = example_report(customers=0, days=0, sellers=1) | {"flow": [], "moves": [], "sweep": None}
    found = shown(report, str)

    assert (found["days"], found["cards"], found["sweep"], list(found["flow"].bands)) == ([], None, {}, [])
