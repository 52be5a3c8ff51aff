"""Days of a journey's time zone, as instants."""

from datetime import date, datetime, timedelta
from datetime import time as clock
from zoneinfo import ZoneInfo

from domain.instants import Instant, as_datetime, of_datetime
from domain.journey.day_list import Day
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


def day_of(at: Instant, zone: ZoneInfo) -> date:
    return as_datetime(at).astimezone(zone).date()


def start_of(day: date, zone: ZoneInfo) -> Instant:
    """00:00 there; where a clock is moved forward at midnight, the first instant of the day."""
    return of_datetime(datetime.combine(day, clock.min, zone))


def day_upto(day: date, zone: ZoneInfo, now: Instant) -> Day:
    """A whole day; of today up to now."""
    last = start_of(day + timedelta(days=1), zone) - 1
    return Day(start_of(day, zone), now if day == day_of(now, zone) else last)
