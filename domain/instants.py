"""Instants and durations: whole microseconds, UTC, counted from 1970-01-01T00:00:00Z.

An instant is an ``int`` so that windows, timers and cuts are exact integer arithmetic. Text in and out is RFC 3339.
"""

import re
from datetime import UTC, datetime, timedelta, timezone

from domain.refusals import NotADuration, NotAnInstant

Instant = int
Duration = int

SECOND: Duration = 1_000_000
DAY: Duration = 86_400 * SECOND
LONGEST: Duration = 36_525 * DAY
"""No rule may look or wait further than a hundred years."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH = _EPOCH.replace(tzinfo=None)
_RFC_3339 = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:)(\d{2})(?:\.(\d+))?([Zz]|([+-])(\d{2}):(\d{2}))", re.ASCII
)
_SHORT_DURATION = re.compile(r"(\d{1,18})([smhdw])", re.ASCII)
_ISO_DURATION = re.compile(
    r"P(?=.)(?:(\d{1,18})W)?(?:(\d{1,18})D)?(?:T(?=.)(?:(\d{1,18})H)?(?:(\d{1,18})M)?(?:(\d{1,18})S)?)?", re.ASCII
)
_UNITS: dict[str, Duration] = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}

EARLIEST: Instant = (datetime(1, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
LATEST: Instant = (datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)


def instant(text: str) -> Instant:
    """Read an RFC 3339 time with an offset; digits finer than a microsecond are cut.

    A leap second counts as the second after it, as POSIX clocks do. Raises ``NotAnInstant``.
    """
    match = _RFC_3339.fullmatch(text)
    if match is None:
        raise NotAnInstant(f"Not: {text!r}.")
    day, clock, second, fraction, _, sign, hours, minutes = match.groups()
    leap = second == "60"
    try:
        at = datetime.fromisoformat(f"{day}T{clock}{'59' if leap else second}+00:00")
        if sign is not None:
            offset = timezone(timedelta(hours=int(hours), minutes=_minutes(minutes)))
            at = at.replace(tzinfo=offset if sign == "+" else timezone(-offset.utcoffset(None)))
    except ValueError:
        raise NotAnInstant(f"Not: {text!r}.") from None
    micros = of_datetime(at) + (SECOND if leap else 0) + int(((fraction or "") + "000000")[:6])
    if not EARLIEST <= micros <= LATEST:
        raise NotAnInstant(f"Not: {text!r}.")
    return micros


def _minutes(text: str) -> int:
    minutes = int(text)
    if minutes > 59:
        raise ValueError(text)
    return minutes


def of_datetime(at: datetime) -> Instant:
    """The instant of an aware ``datetime``."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def as_datetime(at: Instant) -> datetime:
    """The aware UTC ``datetime`` of an instant, held within the years 1 to 9999."""
    return _EPOCH + timedelta(microseconds=min(max(at, EARLIEST), LATEST))


def rfc_3339(at: Instant) -> str:
    """Write an instant in UTC with ``Z``, six decimals only if they are not zero."""
    held = at if EARLIEST <= at <= LATEST else min(max(at, EARLIEST), LATEST)
    return (_NAIVE_EPOCH + timedelta(0, 0, held)).isoformat() + "Z"


def duration(text: str) -> Duration:
    """Read ``14d`` or ISO 8601 without years and months, at most a hundred years. Raises ``NotADuration``."""
    short = _SHORT_DURATION.fullmatch(text)
    if short is not None:
        length = int(short[1]) * _UNITS[short[2]] * SECOND
    else:
        iso = _ISO_DURATION.fullmatch(text)
        if iso is None:
            raise NotADuration(f"Not: {text!r}.")
        weeks, days, hours, minutes, seconds = (int(part or 0) for part in iso.groups())
        length = (weeks * 604_800 + days * 86_400 + hours * 3_600 + minutes * 60 + seconds) * SECOND
    if length > LONGEST:
        raise NotADuration(f"Not: {text!r}.")
    return length


def brief(length: Duration) -> str:
    """Write a duration in the largest unit that divides it: ``14d``, ``90m``."""
    seconds = length // SECOND
    for unit in ("w", "d", "h", "m"):
        if seconds and seconds % _UNITS[unit] == 0:
            return f"{seconds // _UNITS[unit]}{unit}"
    return f"{seconds}s"
