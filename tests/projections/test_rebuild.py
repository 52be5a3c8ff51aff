"""A version is built beside the live one, compared, switched to in one step, and can be gone back to."""

import os

import psycopg
import pytest

from domain.facts import Fact
from domain.instants import DAY, instant
from event_log.operating import Operating, Version
from projections.journeys import JourneysProjection
from projections.rebuild import NothingKept, Rebuild, RebuildDiffers
from tests.projections.fresh import all_rows, assert_rows_are_a_fresh_fold
from tests.projections.world import JOURNEY, World

HOUR = DAY // 24
MARCH_1 = instant("2026-03-01T00:00:00Z")
RULES = {
    "journey": JOURNEY,
    "stages": [{"id": "A", "initial": True}, {"id": "B"}],
    "moves": [{"id": "go", "from": "A", "to": "B", "after": "2d", "since": {"last": "x"}}],
    "opportunities": [{"id": "ask", "kind": "call", "when": {"fact": "x"}, "open_for": "1d"}],
}


def fact(id: str, customer: str, at: int) -> Fact:
    return Fact("s", id, "x", customer, at)


@pytest.fixture
def busy(world: World) -> World:
    """Some history, some of it late, followed as it came."""
    world.it_is(MARCH_1)
    world.publishes(RULES)
    for day in range(6):
        world.it_is(MARCH_1 + day * DAY)
        world.learns(*(fact(f"{day}-{n}", f"c{n}", MARCH_1 + day * DAY - n * HOUR) for n in range(5)))
        world.learns(fact(f"late {day}", f"c{day}", MARCH_1 - 10 * DAY + day))
        world.follows()
    return world


def rebuild(world: World) -> Rebuild:
    return Rebuild(world.pool, world.log.reading, JourneysProjection(world.log.reading, os.urandom))


def versions(world: World) -> dict[int, Version]:
    return {version.version: version for version in Operating(world.pool).status().versions}


def live(world: World) -> int:
    (number,) = [number for number, version in versions(world).items() if version.state == "live"]
    return number


def test_the_new_version_answers_with_the_same_rows(busy: World) -> None:
    before, was_live = all_rows(busy.database), live(busy)
    work = rebuild(busy)

    made = work.begin()
    assert all_rows(busy.database) == before, "nothing is seen of it while it is built"
    busy.follows(page=7)
    switched = work.finish_if_ready()

    assert switched is not None
    assert (switched.version, switched.compared) == (made, 6)
    assert live(busy) == made
    assert versions(busy)[was_live].state == "kept"
    assert all_rows(busy.database) == before
    assert busy.board.worked()[0] == busy.log.reading.head()


def test_facts_that_come_while_it_is_built_are_in_both(busy: World) -> None:
    work = rebuild(busy)
    work.begin()
    follower = busy.follower(page=5)
    follower.step()
    busy.it_is(MARCH_1 + 20 * DAY)
    busy.learns(fact("meanwhile", "c1", MARCH_1 + 20 * DAY), fact("meanwhile, late", "c2", MARCH_1))

    while follower.step():
        pass
    assert work.finish_if_ready() is not None

    assert assert_rows_are_a_fresh_fold(busy.database, busy.log) > 0


def test_it_does_not_answer_before_it_is_as_far_as_the_live_one(busy: World) -> None:
    work = rebuild(busy)
    work.begin()

    assert work.finish_if_ready() is None

    assert versions(busy)[work.building() or 0].state == "building"


def test_begun_again_it_goes_on_with_the_same_version(busy: World) -> None:
    first = rebuild(busy).begin()
    busy.follower(page=5).step()

    assert rebuild(busy).begin() == first
    assert rebuild(busy).progress(first).position > 0


def test_what_differs_from_a_fresh_derivation_never_goes_live(busy: World) -> None:
    was_live = live(busy)
    work = rebuild(busy)
    made = work.begin()
    busy.follows()
    busy.rows(f"update journeys_{made}.standing set since = since + 1 returning 1")

    with pytest.raises(RebuildDiffers):
        work.finish_if_ready()

    assert live(busy) == was_live
    assert work.building() is None
    with pytest.raises(RebuildDiffers):
        rebuild(busy).became_of(made)


def test_who_waits_is_told_that_another_process_has_switched(busy: World) -> None:
    made = rebuild(busy).begin()
    busy.follows()
    rebuild(busy).finish_if_ready()

    assert rebuild(busy).became_of(made).compared is None


def test_one_may_go_back_and_nothing_of_the_meantime_is_missing(busy: World) -> None:
    was_live = live(busy)
    work = rebuild(busy)
    work.begin()
    busy.follows()
    work.finish_if_ready()
    busy.it_is(MARCH_1 + 20 * DAY)
    busy.learns(fact("after the switch", "c1", MARCH_1 + 20 * DAY))
    busy.follows()

    assert work.begin(back=True) == was_live
    busy.follows()
    assert work.finish_if_ready() is not None

    assert live(busy) == was_live
    assert assert_rows_are_a_fresh_fold(busy.database, busy.log) > 0


def test_only_one_earlier_version_is_kept(busy: World) -> None:
    for _ in range(3):
        work = rebuild(busy)
        work.begin()
        busy.follows()
        work.finish_if_ready()

    assert sorted(version.state for version in versions(busy).values()) == ["kept", "live"]
    with psycopg.connect(busy.database) as connection:
        schemas = connection.execute("select count(*) from pg_namespace where nspname like 'journeys%'").fetchone()
    assert schemas == (2,)


def test_without_an_earlier_version_there_is_no_way_back(world: World) -> None:
    work = rebuild(world)
    work.begin()

    with pytest.raises(NothingKept):
        work.begin(back=True)
