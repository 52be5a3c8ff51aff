"""The living sample: every fact of a customer follows from the seed and the customer's index alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from operator import attrgetter
from random import Random

from api.course_sales.lateness import Learned, deliveries
from api.course_sales.life import Life
from api.course_sales.people import person
from api.course_sales.rhythm import arrival, day_of, on_day
from domain.instants import DAY, Instant

_in_order = attrgetter("occurred_at", "id")


@dataclass(frozen=True, slots=True)
class World:
    """``days`` local days of Asia/Shanghai, the last of them ``last_day``; the same world has the same facts."""

    customers: int
    days: int
    seed: int
    last_day: date

    @property
    def end(self) -> Instant:
        return on_day(self.last_day.toordinal() - date(1970, 1, 1).toordinal() + 1, 0)

    @property
    def start(self) -> Instant:
        return self.end - self.days * DAY

    @property
    def middle(self) -> Instant:
        """When version 2 of the rulebook comes into force."""
        return middle_of(self.days, self.end)

    def learned(self) -> Iterator[Learned]:
        """Every delivery, customer by customer."""
        for index in range(self.customers):
            yield from facts_of(index, self.seed, self.days, self.end)


def facts_of(index: int, seed: int, days: int, end: Instant) -> Iterator[Learned]:
    """The deliveries of one customer's facts, in order of occurrence, all of them before ``end``."""
    rng = Random(f"{seed}/{index}")
    mark = _mark(seed, days, end)
    who = person(rng, index, mark)
    added = arrival(rng, days, end)
    facts = Life(rng, who, f"{mark}-{index}", added, middle_of(days, end), end).lived()
    facts.sort(key=_in_order)
    return deliveries(rng, facts, end)


def middle_of(days: int, end: Instant) -> Instant:
    return on_day(day_of(end) - days // 2, 0)


def _mark(seed: int, days: int, end: Instant) -> str:
    """Four signs that tell one world's ids from another's."""
    return sha256(f"{seed}/{days}/{end}".encode()).hexdigest()[:4]
