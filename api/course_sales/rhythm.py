"""When people in Asia/Shanghai do things: days, office hours, evenings, nights; whole seconds, no clock of ours."""

from random import Random
from typing import Final

from domain.instants import DAY, SECOND, Duration, Instant

MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
SHANGHAI: Final = 8 * HOUR
"""East of UTC all year round."""

MORNING: Final = 9 * HOUR + 30 * MINUTE
EVENING: Final = 18 * HOUR + 30 * MINUTE
BEDTIME: Final = 22 * HOUR + 30 * MINUTE

_ARRIVALS = (10, 11, 12, 12, 13, 14, 15, 16, 17, 18, 19, 19, 20, 20, 20, 21, 21, 21, 22, 22, 23)
"""Hours of the day at which customers add us, as often as they do."""


def day_of(at: Instant) -> int:
    """The local day, counted from 1970-01-01."""
    return (at + SHANGHAI) // DAY


def on_day(day: int, clock: Duration) -> Instant:
    return day * DAY - SHANGHAI + clock


def clock_of(at: Instant) -> Duration:
    return (at + SHANGHAI) % DAY


def is_weekend(day: int) -> bool:
    return (day + 3) % 7 >= 5


def between(rng: Random, shortest: Duration, longest: Duration) -> Duration:
    """Any whole second of a span."""
    return (shortest + int(rng.random() * (longest - shortest))) // SECOND * SECOND


def arrival(rng: Random, days: int, end: Instant) -> Instant:
    """A day within the ``days`` before ``end``, weekends a little more often; mostly in the evening."""
    last = day_of(end) - 1
    day = last - int(days * rng.random())
    if not is_weekend(day) and rng.random() < 0.2:
        day = last - int(days * rng.random())
    hour = _ARRIVALS[int(rng.random() * len(_ARRIVALS))]
    return on_day(day, hour * HOUR + between(rng, 0, HOUR))


def reaction(rng: Random, at: Instant) -> Instant:
    """When somebody gets round to what came ``at``: mostly within the hour, else some hours later, never at night."""
    longest = 45 * MINUTE if rng.random() < 0.6 else 9 * HOUR
    later = at + between(rng, 40 * SECOND, longest)
    clock = clock_of(later)
    if clock >= 7 * HOUR:
        return later
    return later - clock + 7 * HOUR + between(rng, 0, 90 * MINUTE)


def at_the_desk(rng: Random, at: Instant, every_day: bool) -> Instant:
    """When a seller answers what came ``at``: at once at the desk, often in the evening, else on the next morning."""
    day, clock = day_of(at), clock_of(at)
    working = every_day or not is_weekend(day) or rng.random() < 0.2
    if working and MORNING <= clock < EVENING:
        return at + between(rng, 90 * SECOND, 70 * MINUTE)
    if working and EVENING <= clock < BEDTIME and rng.random() < 0.2:
        return at + between(rng, MINUTE, 25 * MINUTE)
    if clock >= MORNING:
        day += 1
    while not every_day and is_weekend(day):
        day += 1
    return on_day(day, MORNING + between(rng, 0, 2 * HOUR))
