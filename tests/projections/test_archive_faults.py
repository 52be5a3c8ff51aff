"""The archive when something goes wrong: death between file and manifest, two at once, lost files, other bytes."""

import os
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import fs

from batch_fold.record_files import Folder
from batch_fold.segments import facts_path, sealed_path
from domain.facts import Fact
from domain.refusals import ArchiveBusy, ArchiveDamaged, ArchiveDiffers
from event_log.state import parsed
from projections.archive import Archive
from projections.archive_manifest import Keeper, Manifests
from tests.event_log.given import erase_key
from tests.projections.archived import EVERYTHING, NOTHING, archive_in, archive_says, batches, log_says
from tests.projections.test_archive import a_fact, assert_same
from tests.projections.world import World


@pytest.fixture
def archive(world: World, tmp_path: Path) -> Archive:
    """One that was begun, with somebody who has twelve facts."""
    world.learns(*(a_fact(str(number), 10 * number, seconds=number, text="private") for number in range(12)))
    archive = archive_in(world, tmp_path)
    archive.keep_up()
    return archive


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*.arrow")}


def only_segment(world: World) -> str:
    ((name,),) = world.rows("select name from archive_segments where retired_at is null")
    return str(name)


# Death ----------------------------------------------------------------------------------------------------------------


class Died(Exception):
    pass


@pytest.mark.parametrize("point", ["advance", "replace", "switch"])
def test_death_between_file_and_manifest_leaves_only_files_that_nobody_knows(
    world: World, archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    act: dict[str, Callable[[], Any]] = {
        "advance": archive.keep_up,
        "replace": archive.compact,
        "switch": archive.rebuild,
    }
    world.learns(a_fact("next", 200), a_fact("another's", 0, customer="another"))
    if point == "replace":
        world.learns(*(a_fact(f"more {number}", 300 + number) for number in range(4)))
        archive.keep_up()
    before, position = archive_says(archive), archive.snapshot().position
    with monkeypatch.context() as dying:
        dying.setattr(Keeper, point, _die)
        with pytest.raises(Died):
            act[point]()
    left = files(tmp_path)
    assert archive_says(archive) == before
    assert archive.snapshot().position == position
    act[point]()
    assert_same(archive, world)
    assert [checked.fault for checked in archive.check()] == [None] * 16
    # Nobody removes what may still be read; after a day what nobody knows goes, after an hour what was retired.
    assert left <= files(tmp_path)
    for path in tmp_path.rglob("*.arrow"):
        os.utime(path, (0, 0))
    world.owner.execute("update archive_segments set retired_at = 0 where retired_at is not null")
    while archive.compact():
        pass
    names = {name for (name,) in world.rows("select name from archive_segments")}
    assert files(tmp_path) == {path(name) for name in names for path in (facts_path, sealed_path)}
    assert_same(archive, world)


def _die(*_: Any, **__: Any) -> None:
    raise Died


def test_a_reader_goes_on_with_the_files_it_has_opened(world: World, archive: Archive, tmp_path: Path) -> None:
    (batch,) = [batch for batch in batches(archive) if batch.columns.facts]
    for path in tmp_path.rglob("*.arrow"):
        path.unlink()
    assert batch.positions.tolist() == list(range(1, 13))


# Two at once ----------------------------------------------------------------------------------------------------------


def test_two_keepers_at_once_lose_and_double_nothing(world: World, archive: Archive, tmp_path: Path) -> None:
    both = [archive_in(world, tmp_path, page=2) for _ in range(2)]

    def keeps(one: Archive) -> None:
        for _ in range(4):
            one.keep_up()
            one.compact()

    threads = [threading.Thread(target=keeps, args=(one,)) for one in both]
    for thread in threads:
        thread.start()
    for number in range(10):
        world.learns(a_fact(f"at once {number}", 500 - number), a_fact(f"first {number}", 0, customer=f"c{number}"))
    for thread in threads:
        thread.join()
    assert_same(archive, world)
    assert [checked.fault for checked in archive.check()] == [None] * 16


def test_a_keeper_who_was_frozen_while_another_went_on_changes_nothing(world: World, archive: Archive) -> None:
    """Its session, and the lock with it, may be gone without its knowing."""
    world.learns(a_fact("next", 200))
    manifests = Manifests(world.pool)
    known = manifests.present()
    assert known is not None
    archive.keep_up()
    archive.rebuild()
    now = manifests.present()
    frozen = Keeper(world.owner)
    segment = replace(known.all_segments()[0], name="of the frozen", place=9)
    with pytest.raises(ArchiveBusy):
        frozen.advance(known, manifests.head(), [segment])
    with pytest.raises(ArchiveBusy):
        frozen.replace(known, known.all_segments(), segment)
    assert manifests.present() == now


def test_one_waits_for_the_other_and_then_gives_up(world: World, archive: Archive, tmp_path: Path) -> None:
    impatient = archive_in(world, tmp_path, patience=0.3)
    with world.pool.connections.connection() as connection:
        connection.execute("select pg_advisory_lock(8241003)")
        with pytest.raises(ArchiveBusy):
            impatient.keep_up()
        connection.execute("select pg_advisory_unlock(8241003)")
    impatient.keep_up()


# Merging --------------------------------------------------------------------------------------------------------------


def test_merging_changes_nothing_that_is_read(world: World, archive: Archive) -> None:
    for number in range(5):
        world.learns(a_fact(f"next {number}", 200 + number, staff=f"s{number}"), a_fact(f"late {number}", number))
        archive.keep_up()
    before, head = archive_says(archive), archive.status()
    while archive.compact():
        pass
    assert archive.status().segments == 1 < head.segments
    assert archive.status().facts == 22 < head.facts
    assert archive_says(archive) == before == log_says(world.log, archive.snapshot().position)
    assert [checked.fault for checked in archive.check()] == [None] * 16


# What was lost is made anew -------------------------------------------------------------------------------------------


def test_a_missing_file_is_told_to_readers_and_made_anew_by_the_next_keeping(
    world: World, archive: Archive, tmp_path: Path
) -> None:
    for path in (facts_path, sealed_path):
        (tmp_path / path(only_segment(world))).unlink()
        with pytest.raises(ArchiveDamaged):
            archive_says(archive)
        assert len(faults_of(archive)) == 1
        archive.keep_up()
        assert_same(archive, world)


def test_an_archive_of_another_log_or_release_is_made_anew(world: World, archive: Archive) -> None:
    for change in ("position = position + 1000", "leaf_hash = 'another log'", "form = 'of another release'"):
        world.owner.execute(f"update archive set {change}".encode())
        generation = archive.status().generation
        assert_same(archive, world)
        assert archive.status().generation == generation + 1


def test_another_folder_is_filled(world: World, archive: Archive, tmp_path: Path) -> None:
    elsewhere = archive_in(world, tmp_path / "elsewhere")
    assert_same(elsewhere, world)


def test_a_file_system_that_is_not_of_this_machine(world: World, archive: Archive) -> None:
    far = fs._MockFileSystem()
    kept = archive_in(world, Folder(far, "bucket/archive"))
    world.learns(a_fact("next", 500), a_fact("late", 1))
    assert_same(kept, world)
    world.learns(a_fact("later", 501), a_fact("late too", 2))
    assert_same(kept, world)
    kept.compact()
    assert_same(kept, world)
    assert [checked.fault for checked in kept.check()] == [None] * 16


# Checked --------------------------------------------------------------------------------------------------------------


def faults_of(archive: Archive) -> list[str]:
    found: list[str] = []
    with pytest.raises(ArchiveDiffers) as refused:
        found.extend(checked.fault for checked in archive.check() if checked.fault is not None)
    assert found
    assert found[0] in str(refused.value)
    return found


def test_one_flipped_bit_anywhere_is_found(world: World, archive: Archive, tmp_path: Path) -> None:
    for path in tmp_path.rglob("*.arrow"):
        sound = path.read_bytes()
        for place in range(0, len(sound), len(sound) // 7):
            path.write_bytes(sound[:place] + bytes([sound[place] ^ 1]) + sound[place + 1 :])
            (fault,) = faults_of(archive)
            assert fault.endswith("has other bytes than were written.")
        path.write_bytes(sound)
    list(archive.check())
    assert archive.status().checked_position == 12


def rewritten(world: World, folder: Path, name: str, change: Callable[[pa.Table], pa.Table], ending: str) -> None:
    """A file with other rows, whose size and digest the manifest is made to know: as if it had been written so."""
    path = f"{name}.{ending}.arrow"
    with pa.OSFile(str(folder / path)) as source:
        table = pa.ipc.open_file(source).read_all()
    changed = change(table)
    with pa.OSFile(str(folder / path), "wb") as sink, pa.ipc.new_file(sink, changed.schema) as file:
        for batch in changed.combine_chunks().to_batches():
            file.write_batch(batch)
    kept_in = Folder.of(str(folder))
    query = f"update archive_segments set {ending}_bytes = %s, {ending}_digest = %s where name = %s"
    world.owner.execute(query.encode(), [kept_in.sizes([path])[0], kept_in.digest(path), name])


def put(table: pa.Table, column: str, change: Callable[[list[Any]], list[Any]]) -> pa.Table:
    """One list of a record is another."""
    place = table.schema.get_field_index(column)
    values = change(table.column(place)[0].as_py())
    return table.set_column(place, table.schema.field(place), pa.array([values], table.schema.field(place).type))


def swapped(values: list[Any]) -> list[Any]:
    return [values[1], values[0], *values[2:]]


def swapped_rows(table: pa.Table) -> pa.Table:
    return table.take(pa.array([1, 0, *range(2, table.num_rows)]))


def test_swapped_rows_of_the_sealed_side_are_found(world: World, archive: Archive, tmp_path: Path) -> None:
    rewritten(world, tmp_path, only_segment(world), swapped_rows, "sealed")
    assert faults_of(archive) == ["Some facts are other than in the log."]


def test_two_facts_in_the_wrong_order_are_found(world: World, archive: Archive, tmp_path: Path) -> None:
    def swap(table: pa.Table) -> pa.Table:
        for column in ("at", "position", "recorded_at", "codes seconds", "numbers seconds"):
            table = put(table, column, swapped)
        return table

    rewritten(world, tmp_path, only_segment(world), swap, "facts")
    rewritten(world, tmp_path, only_segment(world), swapped_rows, "sealed")
    assert faults_of(archive) == ["The column position says something else than the entries."]


FALSE_COLUMNS: tuple[tuple[str, Callable[[list[Any]], list[Any]], str], ...] = (
    ("numbers seconds", swapped, "The field seconds says something else than the entries."),
    ("at", swapped, "Some facts are other than in the log."),
    ("gone", lambda _: [3], "The column gone says something else than the entries."),
    ("last", lambda last: [last[0] + 1], "Some facts stand under another customer."),
    ("marks", lambda marks: [marks[0] | 2], "The marks of customers say something else than their entries."),
)


def test_a_column_that_says_something_else_is_found(world: World, archive: Archive, tmp_path: Path) -> None:
    for column, change, fault in FALSE_COLUMNS:
        rewritten(world, tmp_path, only_segment(world), partial(put, column=column, change=change), "facts")
        assert faults_of(archive) == [fault]
        archive.rebuild()


def test_a_value_that_is_missing_is_found(world: World, archive: Archive, tmp_path: Path) -> None:
    def without_the_first(table: pa.Table) -> pa.Table:
        table = put(table, "numbers seconds", lambda numbers: numbers[1:])
        return put(table, "codes seconds", lambda codes: [-1, *codes[1:]])

    rewritten(world, tmp_path, only_segment(world), without_the_first, "facts")
    assert faults_of(archive) == ["The field seconds says something else than the entries."]


def test_a_dropped_fact_is_found(world: World, archive: Archive, tmp_path: Path) -> None:
    world.learns(a_fact("next", 500))
    archive.keep_up()
    world.owner.execute("delete from archive_segments where place = 1")
    assert faults_of(archive) == ["12 facts are archived, 13 are in the log."]


# Sealed, erased, damaged ----------------------------------------------------------------------------------------------


def test_no_clear_text_of_what_is_sealed_is_in_any_file(world: World, archive: Archive, tmp_path: Path) -> None:
    canaries = {name: f"canary-{name}-黄雀" for name in ("source", "id", "customer", "sequence", "text", "attribute")}
    fact = Fact(
        canaries["source"],
        canaries["id"],
        "profile.changed",
        canaries["customer"],
        a_fact("", 0).occurred_at,
        canaries["sequence"],
        {"attributes": {canaries["attribute"]: canaries["text"]}, "staff": canaries["text"]},
    )
    named = a_fact(
        "named", 0, customer=canaries["customer"], staff=f"with {canaries['customer']}", text=canaries["text"]
    )
    unknown = a_fact("unknown", 1, "their.own.type", customer=canaries["customer"], content=canaries["text"])
    world.learns(fact, named, unknown, a_fact("open", 2, staff="canary-open"))
    archive.keep_up()
    archive.rebuild()
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*.arrow"))
    assert b"canary-open" in written
    for canary in canaries.values():
        assert canary.encode() not in written
        assert canary.encode("utf-16-le") not in written
    assert_same(archive, world)


def test_an_erased_customer_is_skipped_and_counted_though_her_facts_stay_and_are_checked(
    world: World, archive: Archive
) -> None:
    world.learns(*(a_fact(f"hers {number}", 7 - number, customer="erased", text="hers") for number in range(3)))
    archive.keep_up()
    ((number,),) = world.rows("select customer from customers where subject = 'erased'")
    erase_key(world.database, "erased")
    for needs in (NOTHING, EVERYTHING):
        read = batches(archive, needs)
        assert sum(batch.erased for batch in read) == 1
        assert number.bytes not in archive_says(archive, needs)
        assert archive_says(archive, needs) == log_says(world.log, archive.snapshot().position, needs)
    for kept in (archive.keep_up, archive.rebuild, archive.compact):
        kept()
        assert sum(batch.erased for batch in batches(archive)) == 1
        assert [checked.fault for checked in archive.check()] == [None] * 16


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_customer_whose_key_was_damaged_hinders_nobody_else(world: World, archive: Archive, when: str) -> None:
    world.learns(a_fact("hers", 0, customer="damaged", text="hers"))
    harm = b"""update customer_keys set wrapped_key = overlay(wrapped_key placing '\\x00' from 20) where customer =
               (select customer from customers where subject = 'damaged')"""
    if when == "after":
        archive.keep_up()
    world.owner.execute(harm)
    archive.keep_up()
    read = batches(archive)
    assert sum(batch.damaged for batch in read) == 1
    assert archive_says(archive) == log_says(world.log, archive.snapshot().position)


def test_the_state_of_every_entry_can_be_made_again_byte_for_byte(world: World, archive: Archive) -> None:
    entries = world.log.reading.entries(0, 100)
    assert all(parsed(entry, "fact") for entry in entries)
    found = {checked.split: checked for checked in archive.check()}
    total = sum(int.from_bytes(entry.leaf_hash()[:8], "big") for entry in entries) % 2**64
    assert f"{total:016x}" in {checked.hash for checked in found.values()}
