"""The days of a period in a time zone."""

from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.local_days import MOST, days_at, local_days
from domain.instants import DAY, SECOND, Instant, instant
from domain.local_days import day_of

ZONES = ("UTC", "Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "America/Havana")
BEGIN = instant("2011-12-01T00:00:00Z")


@given(
    st.sampled_from(ZONES),
    st.integers(BEGIN, BEGIN + 400 * DAY),
    st.integers(0, 400 * DAY),
    st.lists(st.floats(0, 1), max_size=20),
)
def test_an_instant_of_the_period_lies_in_its_local_day(
    zone: str, since: Instant, length: int, shares: list[float]
) -> None:
    until = since + length
    days = local_days(since, until, ZoneInfo(zone))
    at = np.array([since + int(share * length) for share in shares if share < 1], np.int64)

    found = days_at(days, at)
    assert [days.dates[place] for place in found] == [day_of(int(one), ZoneInfo(zone)) for one in at]
    assert days.uptos[-1] == until
    assert (days.starts[1:] == days.uptos[:-1] + 1).all()


def test_a_day_that_a_zone_left_out_is_none() -> None:
    days = local_days(instant("2011-12-28T12:00:00Z"), instant("2012-01-01T12:00:00Z"), ZoneInfo("Pacific/Apia"))

    assert date(2011, 12, 29) in days.dates
    assert date(2011, 12, 30) not in days.dates


def test_a_period_that_ends_at_midnight_has_no_day_of_an_instant() -> None:
    days = local_days(BEGIN, BEGIN + 2 * DAY, ZoneInfo("UTC"))

    assert days.dates == (date(2011, 12, 1), date(2011, 12, 2))
    assert days.uptos.tolist() == [BEGIN + DAY - 1, BEGIN + 2 * DAY]


def test_an_instant_alone_is_a_day() -> None:
    assert local_days(BEGIN, BEGIN, ZoneInfo("UTC")).dates == (date(2011, 12, 1),)


@pytest.mark.parametrize("since", [None, instant("0001-01-01T00:00:00Z")])
def test_of_a_long_period_the_last_days_are_told(since: Instant | None) -> None:
    days = local_days(since, BEGIN + SECOND, ZoneInfo("Asia/Shanghai"))

    assert (len(days), days.dates[-1]) == (MOST, date(2011, 12, 1))


def test_at_the_edge_of_time_there_are_fewer() -> None:
    assert len(local_days(None, instant("0001-01-10T00:00:00Z"), ZoneInfo("UTC"))) == 7
