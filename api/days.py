"""Days of a journey's time zone, as instants."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from domain.instants import Instant
from domain.journey.day_list import Day
from domain.local_days import day_of as day_of
from domain.local_days import start_of as start_of
from domain.refusals import NotUnderstood


def day_named(text: str) -> date:
    """Raises ``NotUnderstood`` for what is no ``YYYY-MM-DD``, or lies at the very edge of time."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise NotUnderstood(f"A day is written as 2026-03-01, not: {text[:40]!r}.") from None
    if len(text) != 10 or not date(1, 1, 3) < day < date(9999, 12, 29):
        raise NotUnderstood(f"A day is written as 2026-03-01, not: {text[:40]!r}.")
    return day


def day_upto(day: date, zone: ZoneInfo, now: Instant) -> Day:
    """A whole day; of today up to now."""
    last = start_of(day + timedelta(days=1), zone) - 1
    return Day(start_of(day, zone), now if day == day_of(now, zone) else last)
