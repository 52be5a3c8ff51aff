"""Instants and durations: whole microseconds, RFC 3339 in and out."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.instants import (
    DAY,
    EARLIEST,
    LATEST,
    LONGEST,
    SECOND,
    as_datetime,
    brief,
    duration,
    instant,
    of_datetime,
    rfc_3339,
)
from domain.refusals import NotADuration, NotAnInstant

NOON = instant("2026-03-01T12:00:00Z")


def test_an_instant_counts_microseconds_from_1970() -> None:
    assert instant("1970-01-01T00:00:01Z") == 1_000_000
    assert instant("1969-12-31T23:59:59.999999Z") == -1


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01T20:00:00+08:00",
        "2026-03-01T06:30:00-05:30",
        "2026-03-02T11:59:00+23:59",
        "2026-03-01t12:00:00z",
        "2026-03-01T12:00:00+00:00",
        "2026-03-01T12:00:00-00:00",
        "2026-03-01T12:00:00.000000Z",
    ],
)
def test_an_offset_is_brought_to_utc(text: str) -> None:
    assert instant(text) == NOON


@pytest.mark.parametrize(
    ("fraction", "micros"),
    [("5", 500_000), ("000001", 1), ("0000019", 1), ("999999999", 999_999), ("1" + "0" * 60, 100_000)],
)
def test_what_is_finer_than_a_microsecond_is_cut(fraction: str, micros: int) -> None:
    assert instant(f"2026-03-01T12:00:00.{fraction}Z") == NOON + micros


def test_what_is_finer_is_cut_before_1970_too() -> None:
    assert instant("1969-12-31T23:59:59.9999999Z") == -1


def test_a_leap_second_counts_as_the_second_after_it() -> None:
    assert instant("2016-12-31T23:59:60Z") == instant("2017-01-01T00:00:00Z")
    assert instant("2017-01-01T07:59:60+08:00") == instant("2017-01-01T00:00:00Z")
    assert instant("2016-12-31T23:59:60.5Z") == instant("2017-01-01T00:00:00.5Z")


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01T12:00:00",
        "2026-03-01",
        "2026-03-01 12:00:00Z",
        "2026-03-01T12:00Z",
        "2026-03-01T12:00:00.Z",
        "2026-03-01T12:00:00,5Z",
        "2026-03-01T24:00:00Z",
        "2026-03-01T12:60:00Z",
        "2026-03-01T12:00:61Z",
        "2026-02-29T12:00:00Z",
        "2026-13-01T12:00:00Z",
        "0000-01-01T00:00:00Z",
        "2026-3-1T12:00:00Z",
        "2026-03-01T12:00:00+24:00",
        "2026-03-01T12:00:00+08:60",
        "2026-03-01T12:00:00+0800",
        "2026-03-01T12:00:00+08",
        "20260301T120000Z",
        " 2026-03-01T12:00:00Z",
        "2026-03-01T12:00:00Z\n",
        "٢٠٢٦-03-01T12:00:00Z",
        "12026-03-01T12:00:00Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "9999-12-31T23:59:60Z",
        "1772366400",
        "",
        "now",
    ],
)
def test_anything_else_is_no_instant(text: str) -> None:
    with pytest.raises(NotAnInstant):
        instant(text)


def test_the_first_and_the_last_instant_can_be_read_and_written() -> None:
    assert instant("0001-01-01T00:00:00Z") == EARLIEST
    assert instant("9999-12-31T23:59:59.999999Z") == LATEST
    assert rfc_3339(EARLIEST) == "0001-01-01T00:00:00Z"
    assert rfc_3339(LATEST) == "9999-12-31T23:59:59.999999Z"


def test_six_decimals_are_written_only_if_they_are_not_zero() -> None:
    assert rfc_3339(NOON) == "2026-03-01T12:00:00Z"
    assert rfc_3339(NOON + 500_000) == "2026-03-01T12:00:00.500000Z"


@given(st.integers(EARLIEST, LATEST))
@settings(deadline=None)
def test_reading_what_was_written_gives_the_same_instant(at: int) -> None:
    assert instant(rfc_3339(at)) == at
    assert of_datetime(as_datetime(at)) == at


@given(st.integers(EARLIEST + DAY, LATEST - DAY).map(as_datetime), st.integers(-1439, 1439))
@settings(deadline=None)
def test_any_offset_means_the_same_instant(moment: datetime, minutes: int) -> None:
    local = moment.replace(tzinfo=None)
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    written = f"{local.isoformat(timespec='microseconds')}{sign}{hours:02d}:{rest:02d}"

    assert as_datetime(instant(written)) == moment - timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0s", 0),
        ("1s", 1),
        ("90m", 5_400),
        ("24h", 86_400),
        ("14d", 14 * 86_400),
        ("2w", 14 * 86_400),
        ("007d", 7 * 86_400),
        ("P14D", 14 * 86_400),
        ("P2W", 14 * 86_400),
        ("PT90M", 5_400),
        ("P1DT12H30M5S", 86_400 + 45_005),
        ("PT0S", 0),
    ],
)
def test_a_duration_is_a_whole_number_of_a_unit_or_iso_8601(text: str, seconds: int) -> None:
    assert duration(text) == seconds * SECOND


@pytest.mark.parametrize(
    "text",
    [
        *("", "d", "14", "14 d", "1.5d", "-1d", "+1d", "14D", "1y", "1M", "1ms", "1d12h", "١d", "１d", "14d\n"),
        *("P", "PT", "P1DT", "P1Y", "P1M", "PT1.5H", "P-1D", "p1d"),
    ],
)
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(NotADuration):
        duration(text)


def test_a_duration_is_at_most_a_hundred_years_of_36525_days() -> None:
    assert duration("36525d") == LONGEST == 36_525 * DAY
    assert duration("876600h") == LONGEST
    for text in ("36526d", "3155760001s", "5218w", "999999999999999999w", "P36525DT1S", "9" * 400 + "d"):
        with pytest.raises(NotADuration):
            duration(text)


def test_a_duration_is_written_in_the_largest_unit_that_divides_it() -> None:
    for text in ("2w", "13d", "36h", "90m", "61s", "0s"):
        assert brief(duration(text)) == text
