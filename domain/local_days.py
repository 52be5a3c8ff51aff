"""Days of a journey's time zone, as instants."""

from datetime import date, datetime
from datetime import time as clock
from zoneinfo import ZoneInfo

from domain.instants import Instant, as_datetime, of_datetime


def day_of(at: Instant, zone: ZoneInfo) -> date:
    return as_datetime(at).astimezone(zone).date()


def start_of(day: date, zone: ZoneInfo) -> Instant:
    """00:00 there; where a clock is moved forward at midnight, the first instant of the day."""
    return of_datetime(datetime.combine(day, clock.min, zone))
