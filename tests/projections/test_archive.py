"""The archive says what the log says, however it came to be; and what is sealed in the log is sealed in its files."""

import pickle
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batch_fold.columns import Needs
from batch_fold.splits import read_split
from batch_fold.unsealing import BoxesClosed, asks_for_boxes
from domain.facts import Fact
from domain.instants import SECOND
from projections.archive import Archive
from tests.domain.generate import histories
from tests.event_log.given import NOON, a_publication
from tests.projections.archived import EVERYTHING, NOTHING, archive_in, archive_says, log_says
from tests.projections.test_any_world import CUSTOMERS, EXAMPLES, of
from tests.projections.world import World, world_in

TABLES = "archive, archive_segments"


def a_fact(id: str, after: int, type: str = "content.viewed", customer: str = "wmAbc123", **data: Any) -> Fact:
    return Fact("wecom/acme", id, type, customer, NOON + after * SECOND, data=data)


@pytest.fixture
def archive(world: World, tmp_path: Path) -> Archive:
    return archive_in(world, tmp_path)


def assert_same(archive: Archive, world: World) -> None:
    position = archive.keep_up()
    assert position == world.log.reading.head()
    assert archive_says(archive) == log_says(world.log, position)


# However it came to be ------------------------------------------------------------------------------------------------

KINDS = ("message.received", "content.viewed", "order.paid", "profile.changed", "note.added", "their.own.type")
VALUES = ("a", "CUSTOMER", 1, 2.5, True, None, ["nested"], {"plan": "a", "interest": None}, {"plan": 3})
FIELD = ("staff", "feedback", "seconds", "amount", "text", "attributes", "kind")


@st.composite
def sealed_facts(draw: st.DrawFn) -> list[Fact]:
    """Of every way in which a field may be open or sealed; a public field may name the customer, or hold a list."""
    rows = st.tuples(
        st.sampled_from(CUSTOMERS),
        st.sampled_from(KINDS),
        st.integers(0, 3),
        st.dictionaries(st.sampled_from(FIELD), st.sampled_from(VALUES), max_size=3),
    )
    return [
        Fact(
            "sealed",
            str(number),
            type,
            customer,
            NOON + second * SECOND,
            data={name: f"of {customer}" if value == "CUSTOMER" else value for name, value in data.items()},
        )
        for number, (customer, type, second, data) in enumerate(draw(st.lists(rows, max_size=12)))
    ]


@st.composite
def arrivals(draw: st.DrawFn) -> list[tuple[Sequence[Fact], bool]]:
    """Requests in the order in which they come, each with whether the archive is kept afterwards."""
    facts = [of(customer, fact) for customer in CUSTOMERS for fact in draw(histories(at_most=6))]
    shuffled = draw(st.permutations([*facts, *draw(sealed_facts())]))
    requests: list[tuple[Sequence[Fact], bool]] = []
    begin = 0
    while begin < len(shuffled):
        end = begin + draw(st.integers(1, 6))
        requests.append((shuffled[begin:end], draw(st.booleans())))
        begin = end
    return requests


@pytest.fixture
def any_world(database: str) -> Iterator[World]:
    with world_in(database) as world:
        world.unlocked()
        yield world


@given(arrivals(), st.integers(1, 9))
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_kept_in_any_pages_it_says_what_the_log_says_and_what_is_built_at_once(
    any_world: World, tmp_path_factory: pytest.TempPathFactory, requests: list[tuple[Sequence[Fact], bool]], page: int
) -> None:
    world = any_world
    world.starts_anew()
    world.owner.execute(f"truncate {TABLES}".encode())
    kept = archive_in(world, tmp_path_factory.mktemp("kept"), page)
    for facts, keep in requests:
        known = {fact.key: replace(fact, recorded_at=None) for fact in facts}
        world.learns(*known.values())
        if keep:
            kept.keep_up()
            kept.compact()
    assert_same(kept, world)
    assert [checked.fault for checked in kept.check()] == [None] * 16
    incrementally = archive_says(kept)
    kept.rebuild(splits=4)
    assert archive_says(kept) == incrementally


def test_what_is_not_needed_is_not_read_and_no_box_is_opened(world: World, archive: Archive) -> None:
    world.learns(a_fact("1", 0, staff="zhang", seconds=30, text="private"))
    archive.keep_up()
    (split,) = [split for split in archive.snapshot().splits if split.names]
    batch = read_split(split, Needs({"staff": frozenset({"content.viewed"})}, frozenset()))
    assert set(batch.columns.fields) == {"staff"}
    sealed = Needs({"text": frozenset({"content.viewed"})}, frozenset())
    assert asks_for_boxes(sealed)
    with pytest.raises(BoxesClosed):
        read_split(split, sealed)


def test_a_public_field_that_names_the_customer_is_sealed_and_opened(world: World, archive: Archive) -> None:
    world.learns(a_fact("1", 0, staff="of wmAbc123"), a_fact("2", 1, staff="li"))
    assert_same(archive, world)
    (split,) = [split for split in archive.snapshot().splits if split.names]
    staff = Needs({"staff": frozenset({"content.viewed"})}, frozenset())
    assert not asks_for_boxes(staff)
    with pytest.raises(BoxesClosed):
        read_split(split, staff)


def test_keys_go_with_what_is_sent_to_another_process(world: World, archive: Archive) -> None:
    world.learns(a_fact("1", 0, text="private"), a_fact("2", 0, text="hers", customer="another"))
    archive.keep_up()
    snapshot = archive.snapshot()
    splits, keys = pickle.loads(pickle.dumps((snapshot.splits, archive.keys_of(snapshot))))
    world.pool.close()
    read = [read_split(split, EVERYTHING, keys(split)) for split in splits]
    assert sorted(field.texts[0] for batch in read if (field := batch.columns.fields.get("text"))) == [
        "hers",
        "private",
    ]
    assert "Openings()" in repr(keys(splits[0]))


def test_publications_move_it_on_and_add_nothing(world: World, archive: Archive) -> None:
    world.learns(a_fact("1", 0))
    archive.keep_up()
    world.log.publications.publish("course-sales", lambda present, now: a_publication())
    assert archive.keep_up() == 2
    assert archive.status().segments == 1
    assert_same(archive, world)


def test_an_empty_log_has_an_empty_archive(world: World, archive: Archive) -> None:
    assert archive.snapshot().splits == ()
    assert archive.keep_up() == 0
    assert archive_says(archive) == {}
    assert [checked.fault for checked in archive.check()] == [None] * 16


def test_what_one_transaction_wrote_is_archived_together(world: World, tmp_path: Path) -> None:
    archive = archive_in(world, tmp_path, page=2)
    world.learns(*(a_fact(str(number), number) for number in range(8)))
    archive.keep_up()
    world.learns(*(a_fact(str(number), number) for number in range(8, 11)))
    for number in range(11, 15):
        world.learns(a_fact(str(number), number))
    seen: list[tuple[int, int]] = []
    archive.keep_up(lambda done, total: seen.append((done, total)))
    assert seen == [(3, 7), (4, 7), (5, 7), (7, 7)]


# Late facts and voids -------------------------------------------------------------------------------------------------


def marks(archive: Archive, world: World) -> list[int]:
    """How many facts each segment has, in the order in which they were written."""
    return [
        facts for (facts,) in world.rows("select facts from archive_segments where retired_at is null order by place")
    ]


def test_who_goes_on_is_continued_and_who_has_a_late_fact_is_written_anew(world: World, archive: Archive) -> None:
    world.learns(*(a_fact(str(number), number) for number in range(10, 20)))
    archive.keep_up()
    world.learns(a_fact("next", 30))
    archive.keep_up()
    assert marks(archive, world) == [10, 1]
    world.learns(a_fact("late", 5))
    archive.keep_up()
    assert marks(archive, world) == [10, 1, 12]
    world.learns(a_fact("tie", 30))
    assert_same(archive, world)
    assert marks(archive, world) == [10, 1, 12, 13]


def test_a_voided_fact_is_gone_whichever_of_the_two_is_known_first(world: World, archive: Archive) -> None:
    void = replace(a_fact("void", 2, "fact.voided"), data={"source": "wecom/acme", "id": "wrong", "reason": "a slip"})
    world.learns(a_fact("1", 0), a_fact("wrong", 1))
    archive.keep_up()
    world.learns(void)
    assert_same(archive, world)
    early = replace(void, id="void 2", customer="another", data={**void.data, "id": "to come"})
    world.learns(a_fact("2", 0, customer="another"), early)
    archive.keep_up()
    world.learns(a_fact("to come", 9, customer="another"))
    assert_same(archive, world)
    assert sorted(len(rows) for rows in archive_says(archive, NOTHING).values()) == [1, 1]
    assert [checked.fault for checked in archive.check()] == [None] * 16
