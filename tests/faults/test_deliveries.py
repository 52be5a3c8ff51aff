"""Facts delivered again and again, in any order and in any requests lead where once and in order would have led.

TRAILBOOK_LONG=1 tries twenty times as many.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.facts import Fact
from domain.instants import DAY
from domain.rulebook.reader import read
from event_log.judging import Stored
from tests.faults.conftest import LONG, RULEBOOK
from tests.faults.senders import BEGINNING, HOUR
from tests.projections.world import World, world_in

TYPES = "xyz"
HOURS = (0, 5, 40, 100, 300)


@dataclass(frozen=True)
class Deliveries:
    """``facts`` once and in order, and the requests in which they are delivered: each at least once."""

    facts: tuple[Fact, ...]
    requests: tuple[tuple[Fact, ...], ...]


@st.composite
def deliveries(draw: st.DrawFn) -> Deliveries:
    drawn = draw(st.lists(st.tuples(st.sampled_from(TYPES), st.sampled_from(HOURS)), min_size=1, max_size=8))
    facts = [
        Fact("s", str(number), type, f"c{number % 2}", BEGINNING + hours * HOUR)
        for number, (type, hours) in enumerate(drawn)
    ]
    again = [fact for fact in facts for _ in range(draw(st.integers(1, 4)))]
    shuffled = draw(st.permutations(again))
    cuts = sorted(draw(st.lists(st.integers(0, len(shuffled)), max_size=4)))
    requests = [shuffled[start:end] for start, end in zip([0, *cuts], [*cuts, len(shuffled)], strict=True)]
    return Deliveries(tuple(facts), tuple(tuple(request) for request in requests if request))


@pytest.fixture
def world(database: str) -> Iterator[World]:
    with world_in(database) as world:
        world.unlocked()
        yield world


@given(deliveries(), st.booleans())
@settings(
    max_examples=12 * (20 if LONG else 1),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_delivered_again_and_in_any_order_they_lead_where_once_and_in_order_did(
    world: World, deliveries: Deliveries, awake: bool
) -> None:
    once = where_they_lead(world, [deliveries.facts], awake=False)

    assert where_they_lead(world, deliveries.requests, awake) == once
    assert world.log.reading.head() == 1 + len(deliveries.facts)


def where_they_lead(world: World, requests: Sequence[Sequence[Fact]], awake: bool) -> list[tuple[object, ...]]:
    """Standing and stays of everybody; ``awake``: a follower works after each request."""
    world.starts_anew()
    world.it_is(BEGINNING + 400 * DAY)
    world.publishes(read(RULEBOOK).document)
    follower = world.follower()
    for request in requests:
        (outcome,) = world.log.intake.append([request])
        assert isinstance(outcome, Stored)
        if awake:
            follower.step()
    while follower.step():
        pass
    return [
        *world.rows(
            "select subject, stage, since, tags, next_due from standing join customers using (customer) order by 1"
        ),
        *world.rows(
            "select subject, from_at, until_at, stage, since from stays join customers using (customer) order by 1, 2"
        ),
    ]
