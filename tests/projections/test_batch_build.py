"""A version filled from the archive by the compiled fold has the very rows that a follower makes, and is followed on.

TRAILBOOK_LONG=1 tries twenty times as many worlds.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.worker import now
from domain.facts import Fact
from domain.instants import DAY, instant
from event_log import follower
from event_log.connections import borrowed
from event_log.followers import Followers
from event_log.leases import Lease
from projections import batch_build, batch_build_copying, batch_build_rows
from projections.archive import Archive
from projections.batch_build import BatchBuild
from projections.journeys import Filling, JourneysProjection
from projections.rebuild import Rebuild
from tests.domain.generate import PLACES, START, at, publications
from tests.domain.naive import Published
from tests.event_log.given import erase_key
from tests.following import HOLDER
from tests.projections.archived import archive_in
from tests.projections.fresh import all_rows, assert_rows_are_a_fresh_fold
from tests.projections.test_any_world import Life, live, lives
from tests.projections.world import JOURNEY, LIVE, World, world_in

EXAMPLES = 12 * (20 if os.environ.get("TRAILBOOK_LONG") == "1" else 1)
HOUR = DAY // 24
MARCH_1 = instant("2026-03-01T00:00:00Z")
RULES = {
    "journey": JOURNEY,
    "stages": [{"id": "A", "initial": True}, {"id": "B"}, {"id": "C"}],
    "tags": [{"id": "hot", "when": {"fact": "y"}, "add": "hot", "expires": "3d"}],
    "moves": [
        {"id": "go", "from": "A", "to": "B", "after": "2d", "since": {"last": "x"}},
        {"id": "up", "from": "*", "to": "C", "when": {"fact": "y", "where": {"keyword": ["call"]}}},
    ],
    "opportunities": [{"id": "ask", "kind": "call", "when": {"fact": "x"}, "open_for": "1d"}],
}

Rows = Mapping[str, list[str]]
Prepared = Callable[[Lease], Filling | None]


def fact(name: str, customer: str, at: int, type: str = "x", **data: object) -> Fact:
    return Fact("s", name, type, customer, at, data=data)


@pytest.fixture
def busy(world: World) -> World:
    """Some history, some of it late, some sealed, followed as it came."""
    world.it_is(MARCH_1)
    world.publishes(RULES)
    for day in range(6):
        world.it_is(MARCH_1 + day * DAY)
        world.learns(*(fact(f"{day}-{n}", f"c{n}", MARCH_1 + day * DAY - n * HOUR) for n in range(5)))
        world.learns(fact(f"late {day}", f"c{day}", MARCH_1 - 10 * DAY + day, "y", text="call me" if day % 2 else "no"))
        world.learns(fact(f"whose {day}", f"c{day}", MARCH_1 + day, "staff.assigned", staff=f"zhang {day}"))
        world.follows()
    return world


@pytest.fixture
def archive(busy: World, tmp_path: Path) -> Archive:
    made = archive_in(busy, tmp_path)
    made.keep_up()
    return made


def builder(world: World, prepared: Prepared, page: int = follower.PAGE) -> Followers:
    """Who fills versions, and follows them."""
    reading = world.log.reading
    journeys = JourneysProjection(reading, os.urandom, prepared)
    started = Followers(world.pool, reading, {journeys.name: journeys}, HOLDER, now, page=page)
    started.begin()
    return started


def from_archive(world: World, archive: Archive) -> Prepared:
    return BatchBuild(archive, world.log.reading).prepared


def builds(world: World, prepared: Prepared, partitions: int = 2) -> int:
    """Another version; from then on it answers. Returns how many partitions were filled at once."""
    filled = 0

    def counting(lease: Lease) -> Filling | None:
        nonlocal filled
        filling = prepared(lease)
        filled += filling is not None
        return filling

    ((made,),) = world.rows("select make_journeys(%s)", partitions)
    started = builder(world, counting)
    while started.step():
        pass
    assert world.rows("select make_live(%s)", made) == [(True,)]
    world.rows(LIVE)
    return filled


def difference(kept: Rows, built: Rows) -> dict[str, tuple[set[str], set[str]]]:
    """The rows that only one of them has, by table."""
    return {
        table: (set(kept[table]) - set(built[table]), set(built[table]) - set(kept[table]))
        for table in kept
        if kept[table] != built[table]
    }


# Any world ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def any_world(database: str) -> Iterator[World]:
    with world_in(database) as world:
        world.unlocked()
        with ExitStack() as held:
            # The pool is not to grow while examples are drawn: a thread of its own would then draw random numbers too.
            for _ in range(5):
                held.enter_context(borrowed(world.pool))
        yield world


def foretold(life: Life, days: list[int]) -> Life:
    """The same life, where some facts are known so many days before they happen."""
    facts = [
        replace(fact, recorded_at=max(START - DAY, fact.occurred_at - early * DAY)) if early else fact
        for fact, early in zip(life.facts, cycle(days), strict=False)
    ]
    return replace(life, facts=tuple(facts))


foretelling = st.lists(st.sampled_from([0, 0, 0, 0, 1, 3, 9]), min_size=1, max_size=9)


@given(st.builds(foretold, lives(), foretelling), publications(), st.integers(1, 3), st.booleans())
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_what_is_filled_from_the_archive_is_what_was_kept_live(
    any_world: World, life: Life, others: tuple[Published, ...], partitions: int, in_small_parts: bool
) -> None:
    world = any_world
    world.starts_anew()
    world.rows("select drop_building() is null")
    world.it_is(START - 2 * DAY)
    for other in others[:2]:
        world.publishes({**other.document, "journey": "another"}, other.effective_from, "another")
    live(world, life)
    world.it_is(at(PLACES + 12))
    world.follows()
    kept = all_rows(world.database)

    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        if in_small_parts:
            patch.setattr(batch_build, "AT_ONCE", 0)
            patch.setattr(batch_build_rows, "AT_ONCE", 3)
            patch.setattr(batch_build_copying, "MOST", 100)
        archive = archive_in(world, Path(folder))
        archive.rebuild(2)
        filled = builds(world, from_archive(world, archive), partitions)

    assert filled == (partitions if world.log.reading.head() else 0)
    assert difference(kept, all_rows(world.database)) == {}


def test_a_step_of_a_timer_that_a_fact_undid_was_believed_until_then(world: World, tmp_path: Path) -> None:
    world.it_is(MARCH_1)
    world.publishes(RULES)
    world.learns(fact("first", "c", MARCH_1))
    world.it_is(MARCH_1 + 5 * DAY)
    world.learns(fact("late for the timer of 3 March only", "c", MARCH_1 + DAY))
    world.follows()
    kept = all_rows(world.database)
    archive = archive_in(world, tmp_path)
    archive.keep_up()

    builds(world, from_archive(world, archive))

    assert difference(kept, all_rows(world.database)) == {}
    moved = "select at, believed_until from trail where kind = 'moved' order by at"
    assert world.rows(moved) == [(MARCH_1 + 2 * DAY, MARCH_1 + 5 * DAY), (MARCH_1 + 3 * DAY, None)]


# Rows and position --------------------------------------------------------------------------------------------------


def test_it_is_compared_and_switched_to_as_any_version_is(busy: World, archive: Archive) -> None:
    before = all_rows(busy.database)
    journeys = JourneysProjection(busy.log.reading, os.urandom)
    rebuild = Rebuild(busy.pool, busy.log.reading, journeys)
    made = rebuild.begin()
    started = builder(busy, from_archive(busy, archive))
    while started.step():
        pass

    switched = rebuild.finish_if_ready()

    assert switched is not None
    assert (switched.version, switched.compared) == (made, 6)
    assert difference(before, all_rows(busy.database)) == {}


def test_it_is_followed_on_from_where_the_archive_ends(busy: World, archive: Archive) -> None:
    busy.rows("select make_journeys(2)")
    filling = from_archive(busy, archive)
    started = builder(busy, filling)
    started.step()
    busy.it_is(MARCH_1 + 9 * DAY)
    busy.learns(fact("goes on", "c1", MARCH_1 + 8 * DAY), fact("late again", "c2", MARCH_1), fact("new", "c9", MARCH_1))
    while started.step():
        pass
    busy.follows()
    kept = all_rows(busy.database)
    assert busy.rows("select make_live(max(version)) from projection_versions") == [(True,)]

    assert difference(kept, all_rows(busy.database)) == {}
    assert assert_rows_are_a_fresh_fold(busy.database, busy.log) > 0


def test_what_became_known_after_the_archive_was_read_is_in_no_row_of_it(busy: World, archive: Archive) -> None:
    """An archive that cannot be kept up at this moment stands for less than the log holds."""
    reading = busy.log.reading
    archived = reading.head()
    snapshot = archive.snapshot()
    busy.it_is(MARCH_1 + 7 * DAY)
    busy.learns(fact("not archived", "c1", MARCH_1 + 6 * DAY, "y", text="call"))
    filled_until = []

    def old(lease: Lease) -> Filling:
        filling = batch_build.Filling(archive, reading, snapshot, lease)

        def fill(connection: object) -> object:
            made = filling(connection)  # type: ignore[arg-type]
            filled_until.append((made.tracking.position, made.tracking.worked_until))
            return made

        return fill  # type: ignore[return-value]

    busy.follows()
    kept = all_rows(busy.database)
    builds(busy, old)

    assert filled_until == [(archived, MARCH_1 + 7 * DAY - 1)] * 2
    assert difference(kept, all_rows(busy.database)) == {}


def test_interrupted_before_its_commit_it_leaves_nothing(
    busy: World, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    class PowerCutError(Exception): ...

    def cut(point: str) -> None:
        if point == "fill.before_commit":
            raise PowerCutError

    kept = all_rows(busy.database)
    ((made,),) = busy.rows("select make_journeys(1)")
    with monkeypatch.context() as patch:
        patch.setattr(follower, "crashpoint", cut)
        with pytest.raises(PowerCutError):
            builder(busy, from_archive(busy, archive)).step()

    assert busy.rows(f"select count(*) from journeys_{made}.trail") == [(0,)]
    assert busy.rows("select position from tracking where version = %s", made) == [(0,)]
    started = builder(busy, from_archive(busy, archive))
    while started.step():
        pass
    assert busy.rows("select make_live(%s)", made) == [(True,)]
    assert difference(kept, all_rows(busy.database)) == {}


def test_who_has_lost_the_lease_fills_nothing(busy: World, archive: Archive) -> None:
    ((made,),) = busy.rows("select make_journeys(1)")

    def taken_over_meanwhile(lease: Lease) -> Filling | None:
        busy.rows("update tracking set epoch = epoch + 1 where version = %s returning 1", made)
        return from_archive(busy, archive)(lease)

    builder(busy, taken_over_meanwhile).step()

    assert busy.rows(f"select count(*) from journeys_{made}.standing") == [(0,)]
    assert busy.rows("select position from tracking where version = %s", made) == [(0,)]


# Who cannot be told of from the archive -----------------------------------------------------------------------------


def test_who_has_a_void_is_derived_from_the_log(busy: World, archive: Archive) -> None:
    busy.it_is(MARCH_1 + 7 * DAY)
    busy.learns(fact("void", "c1", MARCH_1 + 7 * DAY, "fact.voided", source="s", id="0-1", reason="wrong"))
    busy.follows()
    kept = all_rows(busy.database)

    assert builds(busy, from_archive(busy, archive)) == 2

    assert difference(kept, all_rows(busy.database)) == {}


def test_who_is_erased_has_no_rows(busy: World, archive: Archive) -> None:
    number = busy.log.reading.number("c1")
    erase_key(busy.database, "c1")

    assert builds(busy, from_archive(busy, archive)) == 2

    assert busy.rows("select count(*) from trail where customer = %s", number) == [(0,)]
    assert busy.rows("select count(distinct customer) from standing") == [(5,)]


def test_who_is_damaged_is_parked_and_hinders_nobody(busy: World, archive: Archive) -> None:
    busy.unlocked()
    busy.rows("update entries set state = replace(encode(state, 'escape'), '\"box\":\"', '\"box\":\"AAAA')::bytea "
              "where notification_id = 3 returning 1")  # fmt: skip
    archive.rebuild(2)
    ((number,),) = busy.rows("select originator_id from entries where notification_id = 3")

    assert builds(busy, from_archive(busy, archive)) == 2

    newest = "(select max(version) from projection_versions)"
    assert busy.rows(f"select customer, reason from parked where version = {newest}") == [(number, "EntryDamaged")]
    assert number not in {UUID(str(customer)) for (customer,) in busy.rows("select customer from standing")}
    assert busy.rows("select count(distinct customer) from standing") == [(5,)]


# Without an archive -------------------------------------------------------------------------------------------------


def test_where_nothing_was_archived_the_log_is_followed(busy: World, tmp_path: Path) -> None:
    kept = all_rows(busy.database)

    assert builds(busy, from_archive(busy, archive_in(busy, tmp_path))) == 0

    assert difference(kept, all_rows(busy.database)) == {}


def test_an_archive_that_cannot_be_read_hinders_the_first_step_only(
    busy: World, archive: Archive, tmp_path: Path
) -> None:
    kept = all_rows(busy.database)
    snapshot = archive.snapshot()
    for file in tmp_path.rglob("*.facts.arrow"):
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    ((made,),) = busy.rows("select make_journeys(1)")
    failed: list[str] = []
    started = builder(busy, lambda lease: batch_build.Filling(archive, busy.log.reading, snapshot, lease))

    for _ in range(5):
        started.step(lambda lease, error: failed.append(type(error).__name__))

    assert failed == ["ArchiveDamaged"]
    assert busy.rows("select make_live(%s)", made) == [(True,)]
    assert difference(kept, all_rows(busy.database)) == {}
