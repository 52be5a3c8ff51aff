"""The standing projection: its rows are a fresh fold of the log, whatever came in whatever order and pages."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from domain.facts import Fact
from tests.projections.course import COURSE, day, tell
from tests.projections.fresh import all_rows, assert_rows_are_a_fresh_fold, customers, fold_of, rows_and_tracking
from tests.projections.world import JOURNEY, World


def added(customer: str, on: float, type: str = "contact.added") -> Fact:
    return Fact(customer, f"{type} {on}", type, customer, day(on))


def stage(world: World, customer: str) -> str | None:
    ((found,),) = world.rows("select stage from standing join customers using (customer) where subject = %s", customer)
    assert found is None or isinstance(found, str)
    return found


def test_on_every_day_of_a_story_the_rows_are_a_fresh_fold(world: World) -> None:
    world.it_is(day(1))
    world.publishes(COURSE)

    tell(world)

    assert assert_rows_are_a_fresh_fold(world.database, world.log) == 4
    assert stage(world, "李雷") == "mql"
    assert stage(world, "韩梅梅") == "lead"
    assert stage(world, "stranger") is None


def test_it_makes_no_difference_when_a_follower_was_awake(world: World) -> None:
    world.it_is(day(1))
    world.publishes(COURSE)
    tell(world, follow=False)
    slept = rows_and_tracking(world.database)
    world.unlocked()
    world.starts_anew()

    world.it_is(day(1))
    world.publishes(COURSE)
    tell(world)
    awake = rows_and_tracking(world.database)

    assert [len(part) for part in (slept[2], slept[3])] == [len(part) for part in (awake[2], awake[3])]
    assert sorted(map(str, slept[2].values())) == sorted(map(str, awake[2].values()))
    assert sorted(map(str, slept[3].values())) == sorted(map(str, awake[3].values()))


def test_facts_before_and_after_the_publication_count(world: World) -> None:
    world.learns(added("a", 1))
    world.follows()
    assert world.rows("select * from standing") == []

    world.publishes(COURSE)
    world.follows()
    world.learns(added("b", 1))
    world.follows()

    assert assert_rows_are_a_fresh_fold(world.database, world.log) == 2


def test_a_version_to_come_is_worked_at_its_instant(world: World) -> None:
    world.it_is(day(1))
    world.publishes(COURSE)
    world.learns(added("a", 1), added("off the journey", 1, "note.added"))
    world.publishes({**COURSE, "stages": [*COURSE["stages"][1:], {"id": "new", "initial": True}]}, day(3))
    world.follows()
    assert (stage(world, "a"), stage(world, "off the journey")) == ("lead", None)
    assert world.rows("select next_due from standing") == [(day(3),), (day(3),)]

    world.it_is(day(3))
    world.follows()

    assert stage(world, "a") == "new"
    assert_rows_are_a_fresh_fold(world.database, world.log)


def test_a_late_fact_undoes_a_move_that_was_believed(world: World) -> None:
    world.it_is(day(20))
    world.publishes(COURSE)
    world.learns(added("a", 1))
    world.follows()
    assert stage(world, "a") == "dormant"

    world.learns(added("a", 10, "content.viewed"))
    world.follows()

    assert stage(world, "a") == "lead"
    assert_rows_are_a_fresh_fold(world.database, world.log)


def test_what_becomes_due_is_worked_without_a_new_fact_and_not_before(world: World) -> None:
    world.it_is(day(14.9))
    world.publishes(COURSE)
    world.learns(added("a", 1))
    world.follows()
    assert (stage(world, "a"), world.rows("select next_due from standing")) == ("lead", [(day(15),)])

    world.it_is(day(15) - 1)
    world.follows()
    assert stage(world, "a") == "lead"
    world.it_is(day(15))
    world.follows()

    assert stage(world, "a") == "dormant"
    assert assert_rows_are_a_fresh_fold(world.database, world.log) == 1


def test_only_those_who_are_due_are_folded_again(world: World) -> None:
    world.it_is(day(2))
    world.publishes(COURSE)
    world.learns(added("due", 1), added("not due", 1))
    world.follows()
    world.rows("update standing set stage = 'wrong' returning 1")
    world.rows(
        "update standing set next_due = %s where customer = (select customer from customers where subject = 'due') "
        "returning 1",
        day(2),
    )

    world.follows()

    assert (stage(world, "due"), stage(world, "not due")) == ("lead", "wrong")


def test_until_something_is_due_nothing_changes(world: World) -> None:
    world.it_is(day(1))
    world.publishes(COURSE)
    tell(world)
    position, _, rows, _ = rows_and_tracking(world.database)

    for number, customer in customers(world.log, position).items():
        *standing, due = rows[JOURNEY, number]
        before = fold_of(customer, world.versions(), due - 1 if due is not None else day(10_000)).standing
        assert [before.stage, before.since, sorted(before.tags)] == [standing[0], standing[1], standing[3]]


def test_a_fact_ahead_of_now_is_due_when_it_happens(world: World) -> None:
    world.it_is(day(1))
    world.publishes(COURSE)
    world.learns(added("a", 1.001))
    world.follows()
    assert (stage(world, "a"), world.rows("select next_due from standing")) == (None, [(day(1.001),)])

    world.it_is(day(1.001))
    world.follows()

    assert stage(world, "a") == "lead"


def test_a_clock_that_is_set_back_takes_nothing_back(world: World) -> None:
    world.it_is(day(20))
    world.publishes(COURSE)
    world.learns(added("a", 1))
    world.follows()

    world.it_is(day(5))
    world.learns(added("b", 2))
    world.follows()

    position, until = world.board.worked()
    assert position == 3
    assert until >= day(20)
    assert stage(world, "a") == "dormant"
    assert_rows_are_a_fresh_fold(world.database, world.log)


@pytest.mark.parametrize("page", [1, 2, 7, 5000])
def test_a_rebuild_in_pages_of_any_size_gives_the_same_rows(world: World, page: int) -> None:
    world.it_is(day(1))
    world.publishes(COURSE)
    tell(world)
    live = all_rows(world.database)
    assert all(live.values())

    world.forgets_rows()
    world.follows(page)

    assert all_rows(world.database) == live


def test_followers_of_one_projection_take_turns(world: World) -> None:
    world.it_is(day(1))
    world.publishes(COURSE)
    tell(world, follow=False)
    world.forgets_rows()

    with ThreadPoolExecutor(3) as three:
        for done in [three.submit(world.follows, 1) for _ in range(3)]:
            done.result()

    assert world.board.worked()[0] == world.log.reading.head()
    assert assert_rows_are_a_fresh_fold(world.database, world.log) == 4
