"""Clocks that jump, hours back and hours ahead, the database's and ours: order, due times and leases come through.

TRAILBOOK_LONG=1 tries twenty times as many.
"""

import os
from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.facts import Fact
from domain.instants import DAY, SECOND, Instant
from domain.rulebook.reader import read
from event_log.followers import Followers
from projections.journeys import JourneysProjection
from tests.faults.conftest import LONG, RULEBOOK
from tests.faults.senders import BEGINNING, HOUR
from tests.following import HOLDER
from tests.projections.fresh import assert_rows_are_a_fresh_fold
from tests.projections.world import World, world_in

NOW = BEGINNING + 400 * DAY

STEPS_TWICE = """
    select customer, at, kind, rule, tag, opportunity, again from trail where believed_until is null
    group by customer, at, kind, rule, tag, opportunity, again having count(*) > 1
"""

jumps = st.lists(st.sampled_from([-48 * HOUR, -2 * HOUR, 1, SECOND, 2 * HOUR, 48 * HOUR]), min_size=2, max_size=8)


@pytest.fixture
def world(database: str) -> Iterator[World]:
    with world_in(database) as world:
        world.unlocked()
        yield world


@given(jumps, jumps)
@settings(
    max_examples=10 * (20 if LONG else 1),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_whichever_way_the_clocks_jump_nothing_due_is_lost_or_done_twice(
    world: World, the_databases: list[int], ours: list[int]
) -> None:
    world.starts_anew()
    world.it_is(NOW)
    world.publishes(read(RULEBOOK).document)
    names = map(str, count())
    shown = ClockOfOurs(ours)
    journeys = JourneysProjection(world.log.reading, os.urandom)
    followers = Followers(world.pool, world.log.reading, {journeys.name: journeys}, HOLDER, shown.tell)
    now = latest = NOW
    for jump in the_databases:
        now += jump
        latest = max(latest, now)
        world.it_is(now)
        # Two on the day of NOW, so that moves, tags and opportunities fall due while the clock jumps about.
        world.learns(Fact("s", next(names), "y", "c1", NOW - HOUR), Fact("s", next(names), "x", "c2", NOW - HOUR))
        followers.step()
        assert_rows_are_a_fresh_fold(world.database, world.log)
    world.it_is(latest + 4 * DAY)
    while followers.step():
        pass

    assert_rows_are_a_fresh_fold(world.database, world.log)
    assert {"cool", "up"} <= {rule for (rule,) in world.rows("select rule from trail")}
    assert recorded_in_order(world)
    assert world.rows(STEPS_TWICE) == []


def recorded_in_order(world: World) -> bool:
    """Later positions are never recorded earlier."""
    recorded = [at for (at,) in world.rows("select recorded_at from ledger order by position")]
    return recorded == sorted(recorded)


class ClockOfOurs:
    """It jumps each time somebody looks."""

    def __init__(self, jumps: list[int]) -> None:
        self._jumps = jumps
        self._looks = count()
        self._now: Instant = NOW

    def tell(self) -> Instant:
        self._now += self._jumps[next(self._looks) % len(self._jumps)]
        return self._now
