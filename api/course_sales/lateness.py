"""When we learn of what happened: mostly at once, some of it hours or days later, some of it twice."""

from collections.abc import Iterable, Iterator
from random import Random
from typing import Final, NamedTuple

from api.course_sales.diary import RADAR, SHOP, WECOM
from api.course_sales.rhythm import HOUR, between, day_of, on_day
from domain.facts import Fact
from domain.instants import DAY, SECOND, Instant

_SOMETIMES_LATE: Final = {
    "content.viewed": 0.10,
    "content.clicked": 0.10,
    "content.delivered": 0.03,
    "order.paid": 0.05,
    "survey.answered": 0.03,
}
"""Nothing that opens a card a seller then works: nobody works what nobody has heard of."""
_SOMETIMES_TWICE: Final = {WECOM: 0.012, RADAR: 0.025, SHOP: 0.05}


class Learned(NamedTuple):
    """A delivery of a fact; ``again`` marks a repetition, word for word."""

    fact: Fact
    at: Instant
    again: bool

    @property
    def in_time(self) -> bool:
        return not self.again and self.at == self.fact.occurred_at


def deliveries(rng: Random, facts: Iterable[Fact], end: Instant) -> Iterator[Learned]:
    """Every fact as it is delivered before ``end``, with its repetitions."""
    for fact in facts:
        at = fact.occurred_at
        roll = rng.random()
        chance = _SOMETIMES_LATE.get(fact.type)
        if chance is not None and roll < chance and fact.data.get("content") != "price-list":
            at = _later(rng, at, roll / chance)
        if at >= end:
            continue
        yield Learned(fact, at, again=False)
        if roll > 1 - _SOMETIMES_TWICE.get(fact.source, 0.0):
            again = at + between(rng, 5 * SECOND, 20 * SECOND) if roll > 0.994 else _later(rng, at, 0.5)
            if again < end:
                yield Learned(fact, again, again=True)


def _later(rng: Random, at: Instant, roll: float) -> Instant:
    """A queue that stood for hours, the nightly comparison at six, or a phone that was off for days."""
    if roll < 0.45:
        return at + between(rng, HOUR, 10 * HOUR)
    if roll < 0.85:
        return on_day(day_of(at) + 1, 6 * HOUR) + between(rng, 0, HOUR)
    return at + between(rng, DAY, 5 * DAY)
