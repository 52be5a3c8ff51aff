"""A segment written is the batch read back; segments laid over one another, and merged, are those facts in order."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from batch_fold.coding import Coding, joined, narrowest
from batch_fold.columns import ABSENT, NUMBER, Batch, Columns, Field, Needs
from batch_fold.merging import MOST, due, merge
from batch_fold.record_files import Folder
from batch_fold.segments import (
    ANEW,
    DAMAGED,
    TOGETHER,
    Contents,
    SealedFile,
    SealedRow,
    facts_path,
    sealed_written,
    write_contents,
    write_facts,
)
from batch_fold.splits import Split, read_split
from domain.refusals import ArchiveDamaged

VALUES = (None, "a", "b", "电话", 1, 2.5, -3, True, False, [1])
NEEDS = Needs({"staff": frozenset({"contact.added"})}, frozenset())

Hers = dict[bytes, list[tuple[int, object]]]
"""By customer (one byte stands for sixteen), the instant and the staff of each of her facts."""


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder.of(str(tmp_path))


def batch_of(customers: Hers) -> Batch:
    rows = [row for _, own in sorted(customers.items()) for row in own]
    staff = Coding(len(rows))
    for place, (_, value) in enumerate(rows):
        staff.put(place, value)
    at = np.array([instant for instant, _ in rows], np.int64)
    starts = np.cumsum([0, *(len(own) for _, own in sorted(customers.items()))], dtype=np.int64)
    columns = Columns(starts, at, np.zeros(len(rows), np.int32), ("contact.added",), {"staff": staff.field()}, {})
    numbers = b"".join(customer.ljust(16, b"\0") for customer in sorted(customers))
    return Batch(columns, np.frombuffer(numbers, "V16"), at + 1000, at + 2000)


def said(batch: Batch) -> Hers:
    columns = batch.columns
    absent = Field(np.full(columns.facts, ABSENT, np.int32), ())
    staff = columns.fields.get("staff", absent)
    numbers = staff.numbers if staff.numbers is not None else np.zeros(columns.facts)
    assert batch.positions.tolist() == (columns.at + 1000).tolist()
    assert batch.recorded_at.tolist() == (columns.at + 2000).tolist()
    values = [
        staff.texts[code] if code >= 0 else float(number) if code == NUMBER else int(code)
        for code, number in zip(staff.codes, numbers, strict=True)
    ]
    rows: list[tuple[int, object]] = list(zip(columns.at.tolist(), values, strict=True))
    return {
        number.tobytes().rstrip(b"\0"): rows[columns.starts[place] : columns.starts[place + 1]]
        for place, number in enumerate(np.asarray(batch.customers))
    }


def read(folder: Folder, *names: str, erased: Sequence[bytes] = ()) -> Hers:
    chosen = frozenset(customer.ljust(16, b"\0") for customer in erased)
    return said(read_split(Split(folder, names, 0, chosen), NEEDS))


numbers_of_customers = st.sampled_from([b"\x01", b"\x02", b"\x02\x00\x01", b"\x7f", b"\x80", b"\xff"])
histories: st.SearchStrategy[Hers] = st.dictionaries(
    numbers_of_customers, st.lists(st.tuples(st.integers(0, 9), st.sampled_from(VALUES)), min_size=1, max_size=4)
)


@st.composite
def written(draw: st.DrawFn) -> list[tuple[Hers, frozenset[bytes]]]:
    """Segments in order, each with whom it has anew."""
    segments: list[tuple[Hers, frozenset[bytes]]] = []
    for _ in range(draw(st.integers(1, 5))):
        customers: Hers = draw(histories)
        anew = frozenset(customer for customer in customers if draw(st.booleans()))
        segments.append((customers, anew))
    return segments


def write(folder: Folder, name: str, customers: Hers, anew: frozenset[bytes], gone: NDArray[np.int64]) -> None:
    marks = np.array([ANEW if customer in anew else 0 for customer in sorted(customers)], np.uint8)
    last = np.array([max(at for at, _ in own) for _, own in sorted(customers.items())], np.int64)
    write_contents(folder, name, Contents(batch_of(customers), marks, last, gone))
    rows = [f"{customer!r} {row!r}".encode() for customer, own in sorted(customers.items()) for row in own]
    with sealed_written(folder, name) as sealed:
        sealed.add([SealedRow(place, bytes(16), row, row) for place, row in enumerate(rows)])


@given(written(), st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_segments_lie_over_one_another_and_merging_changes_nothing(
    folder: Folder, segments: list[tuple[Hers, frozenset[bytes]]], data: st.DataObject
) -> None:
    expected: Hers = {}
    names = [str(place) for place in range(len(segments))]
    for name, (customers, anew) in zip(names, segments, strict=True):
        gone = []
        for customer, own in sorted(customers.items()):
            left = []
            for row in own:
                is_gone = data.draw(st.booleans())
                gone.append(is_gone)
                left += [] if is_gone else [row]
            expected[customer] = left if customer in anew else [*expected.get(customer, ()), *left]
        write(folder, name, customers, anew, np.flatnonzero(gone))
    whole = read(folder, *names)
    assert whole == {customer: [(at, _as_read(value)) for at, value in rows] for customer, rows in expected.items()}

    first = data.draw(st.integers(0, len(names) - 1))
    contents = merge(folder, names[first:], "merged")
    assert read(folder, *names[:first], "merged") == whole
    _assert_sealed_rows_go_with_their_facts(folder, contents)

    erased = [customer for customer in whole if data.draw(st.booleans())]
    rest = {customer: rows for customer, rows in whole.items() if customer not in erased}
    assert read(folder, *names[:first], "merged", erased=erased) == rest


def _assert_sealed_rows_go_with_their_facts(folder: Folder, contents: Contents) -> None:
    rows = SealedFile(folder, "merged").rows(np.arange(contents.batch.columns.facts))
    assert len(rows) == contents.batch.columns.facts
    ats = [int(row.open.split(b"(")[1].split(b",")[0]) for row in rows]
    assert ats == contents.batch.columns.at.tolist()


def _as_read(value: object) -> object:
    coding = Coding(1)
    coding.put(0, value)
    one = coding.field()
    return one.texts[0] if one.texts else float(one.numbers[0]) if one.numbers is not None else int(one.codes[0])


def test_a_batch_is_written_for_who_needs_no_boxes(folder: Folder) -> None:
    customers: Hers = {b"\x01": [(1, "a"), (5, 2)], b"\x02": [(3, None)]}
    write_facts(folder, "0001/plain", batch_of(customers))
    assert read(folder, "0001/plain") == {b"\x01": [(1, "a"), (5, 2.0)], b"\x02": [(3, ABSENT)]}
    assert folder.sizes([facts_path("0001/plain"), "0001/plain.sealed.arrow"])[1] is None


def test_a_segment_of_nobody(folder: Folder) -> None:
    write_facts(folder, "empty", batch_of({}))
    assert read(folder, "empty") == {}
    assert read(folder) == {}


def test_who_is_damaged_is_left_out_and_counted(folder: Folder) -> None:
    batch = batch_of({b"\x01": [(1, "a")], b"\x02": [(3, "b")]})
    marks = np.array([ANEW | DAMAGED, ANEW], np.uint8)
    write_contents(folder, "0", Contents(batch, marks, batch.columns.at))
    found = read_split(Split(folder, ("0",), 2), NEEDS)
    assert (said(found), found.damaged, found.erased) == ({b"\x02": [(3, "b")]}, 1, 0)


def test_more_sealed_rows_than_are_read_at_once(folder: Folder) -> None:
    rows = [SealedRow(place, place.to_bytes(16, "big"), b"{}", None) for place in range(2 * TOGETHER + 5)]
    with sealed_written(folder, "0") as sealed:
        for begin in range(0, len(rows), 20_001):
            sealed.add(rows[begin : begin + 20_001])
    wanted = np.array([0, TOGETHER - 1, TOGETHER, 2 * TOGETHER + 4])
    assert SealedFile(folder, "0").rows(wanted) == [rows[place] for place in wanted]
    assert SealedFile(folder, "0").rows(wanted[:0]) == []


def test_a_file_cut_short_or_of_something_else_is_damaged(folder: Folder, tmp_path: Path) -> None:
    write_facts(folder, "0", batch_of({b"\x01": [(1, "a")]}))
    file = tmp_path / facts_path("0")
    for content in (file.read_bytes()[:200], b"", b"something else"):
        file.write_bytes(content)
        with pytest.raises(ArchiveDamaged):
            read(folder, "0")
    with pytest.raises(ArchiveDamaged):
        read(folder, "nothing of that name")


def test_folders_are_paths_and_uris(tmp_path: Path) -> None:
    by_path, by_uri = Folder.of(str(tmp_path)), Folder.of(tmp_path.as_uri())
    write_facts(by_uri, "0", batch_of({b"\x01": [(1, "a")]}))
    assert read(by_path, "0") == read(by_uri, "0")


@pytest.mark.parametrize(
    ("facts", "first"),
    [
        ([], None),
        ([100], None),
        ([100, 25], None),
        ([100, 26], 0),
        ([10_000, *[10] * MOST], None),
        ([10_000, *[10] * (MOST + 1)], 1),
        # What was merged before is large, and left alone.
        ([100_000, 5000, *[10] * MOST], 2),
    ],
)
def test_what_is_small_is_merged_and_everything_where_a_quarter_lies_over(facts: list[int], first: int | None) -> None:
    assert due(facts) == first


def test_merging_again_and_again_writes_each_fact_a_few_times() -> None:
    facts, total = [1_000_000], 0
    for _ in range(1000):
        facts.append(100)
        while (first := due(facts)) is not None:
            merged = sum(facts[first:])
            facts, total = [*facts[:first], merged], total + merged
        assert len(facts) <= MOST + 1
    assert total < 12 * 100_000


def test_codes_take_as_few_bytes_as_they_can() -> None:
    assert [narrowest(np.array(codes, np.int32)).dtype.itemsize for codes in ([], [-7, 127], [128], [40_000])] == [
        1,
        1,
        2,
        4,
    ]


def test_joined_fields_have_one_list_of_texts() -> None:
    one = Field(np.array([0, 1, ABSENT], np.int8), ["b", "a"])
    other = Field(np.array([0, NUMBER], np.int16), ["a"], np.array([0, 4.5]))
    both = joined([one, None, other], [3, 1, 2], np.array([5, 4, 3, 0]))
    assert both.codes.tolist() == [NUMBER, 1, ABSENT, 0]
    assert list(both.texts) == ["b", "a"]
    assert both.numbers is not None
    assert both.numbers.tolist() == [4.5, 0, 0, 0]
    assert replace(both, numbers=None).codes.dtype == np.int32
