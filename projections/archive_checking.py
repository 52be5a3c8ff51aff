"""Whether the archive's files say what the log says: counted, hashed, and arranged anew from their own sealed bytes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from batch_fold.coding import one_list
from batch_fold.columns import ABSENT, NUMBER, Field
from batch_fold.merging import Together
from batch_fold.record_files import Folder
from batch_fold.segments import ANEW, Contents, SealedRow
from domain.refusals import ArchiveDamaged
from event_log.by_customer import ByCustomer
from event_log.entry import FACT, Entry
from projections.archive_arranging import arranged, state_of
from projections.archive_manifest import Manifest, Manifests, Segment

LOOK: Final = 200_000
"""Positions of the log that are summed at once."""
TOGETHER: Final = 20_000
"""Facts that are arranged anew at once, or those of one customer."""

_MODULUS: Final = 2**64


@dataclass(frozen=True, slots=True)
class Sum:
    """So many facts, and the sum (modulo 2^64) of the first eight bytes of the hashes of their leaves."""

    facts: int = 0
    total: int = 0

    def __add__(self, other: "Sum") -> "Sum":
        return Sum(self.facts + other.facts, (self.total + other.total) % _MODULUS)


@dataclass(frozen=True, slots=True)
class SplitChecked:
    """``fault`` is what differs first, in a few words; ``None``: nothing."""

    split: int
    facts: int
    customers: int
    hash: str
    fault: str | None

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("split", "facts", "customers", "hash", "fault")}


def sums_of_the_log(manifests: Manifests, manifest: Manifest, said: Callable[[int], Any]) -> list[Sum]:
    """By split, from the ledger; ``said`` is told how many positions more were read."""
    sums = [Sum() for _ in range(manifest.splits)]
    until = manifest.head.position
    for after in range(0, until, LOOK):
        for split, facts, total in manifests.sums(manifest.splits, after, min(after + LOOK, until)):
            sums[split] += Sum(facts, total % _MODULUS)
        said(min(LOOK, until - after))
    return sums


class SplitCheck:
    """One split, given by its segments, against the log; ``said`` is told how many facts more were looked at."""

    def __init__(self, by_customer: ByCustomer, folder: Folder, said: Callable[[int], Any]) -> None:
        self._by_customer = by_customer
        self._folder = folder
        self._said = said

    def checked(self, split: int, segments: Sequence[Segment], expected: Sum) -> SplitChecked:
        """Raises ``StoreAway``."""
        try:
            for path, size, digest in (file for segment in segments for file in segment.files()):
                if self._folder.sizes([path]) != [size] or self._folder.digest(path) != digest:
                    raise ArchiveDamaged(f"{path} has other bytes than were written.")
            found, customers, fault = self._read([segment.name for segment in segments])
        except ArchiveDamaged as refusal:
            return SplitChecked(split, 0, 0, "", refusal.detail)
        if found.facts != expected.facts:
            fault = f"{found.facts} facts are archived, {expected.facts} are in the log."
        elif found != expected:
            fault = "Some facts are other than in the log."
        return SplitChecked(split, found.facts, customers, f"{found.total:016x}", fault)

    def _read(self, names: Sequence[str]) -> tuple[Sum, int, str | None]:
        """The sum of all facts, the number of customers, and what is wrong with how they are arranged."""
        if not names:
            return Sum(), 0, None
        together = Together(self._folder, names)
        found, fault = Sum(), None
        starts = together.contents.batch.columns.starts
        for first, last in _some(starts):
            entries = _entries(together, int(starts[first]), int(starts[last]))
            total = sum(int.from_bytes(entry.leaf_hash()[:8], "big") for entry in entries)
            found += Sum(len(entries), total % _MODULUS)
            fault = fault or self._misarranged(together.contents, first, last, entries)
            self._said(len(entries))
        return found, len(starts) - 1, fault

    def _misarranged(self, contents: Contents, first: int, last: int, entries: Sequence[Entry]) -> str | None:
        """What the columns of some customers say other than these, their entries, arranged anew.

        Nobody can say in which order an erased customer's facts stood, and nobody reads them.
        """
        histories = self._by_customer.with_keys(entries)
        ours, theirs = _Said(contents, first, last), _Said(arranged(histories).contents, 0, len(histories))
        if ours.lengths.tolist() != theirs.lengths.tolist() or ours.last.tolist() != theirs.last.tolist():
            return "Some facts stand under another customer."
        legible = np.array([history.key is not None for history in histories])
        if (ours.marks != theirs.marks)[legible].any():
            return "The marks of customers say something else than their entries."
        rows = np.repeat(legible, ours.lengths)
        for name, own in ours.columns.items():
            if (own != theirs.columns[name])[rows].any():
                return f"The column {name} says something else than the entries."
        for name in sorted({*ours.fields, *theirs.fields}):
            if not _alike(ours.fields.get(name), theirs.fields.get(name), rows):
                return f"The field {name} says something else than the entries."
        return None


class _Said:
    """What contents say of some of their customers."""

    def __init__(self, contents: Contents, first: int, last: int) -> None:
        columns = contents.batch.columns
        begin, end = int(columns.starts[first]), int(columns.starts[last])
        gone = np.zeros(columns.facts, np.bool_)
        gone[contents.gone] = True
        self.lengths = np.diff(columns.starts[first : last + 1])
        self.last = contents.last[first:last]
        self.marks = contents.marks[first:last] & ~np.uint8(ANEW)
        self.columns = {
            "position": contents.batch.positions[begin:end],
            "gone": gone[begin:end],
        }
        self.fields = {
            name: Field(one.codes[begin:end], one.texts, None if one.numbers is None else one.numbers[begin:end])
            for name, one in columns.fields.items()
        }


def _alike(ours: Field | None, theirs: Field | None, rows: NDArray[np.bool_]) -> bool:
    nothing = Field(np.full(len(rows), ABSENT, np.int32), ())
    both = [ours or nothing, theirs or nothing]
    _, tables = one_list([one.texts for one in both])
    own, other = (table[one.codes][rows] for one, table in zip(both, tables, strict=True))
    if (own != other).any():
        return False
    if not (own == NUMBER).any():
        return True
    numbers = [one.numbers[rows][own == NUMBER] for one in both if one.numbers is not None]
    return len(numbers) == 2 and bool((numbers[0] == numbers[1]).all())


def _entries(together: Together, begin: int, end: int) -> list[Entry]:
    """The entries of the log that some rows were made of."""
    batch = together.contents.batch
    columns = batch.columns
    whose = np.searchsorted(columns.starts, np.arange(begin, end), side="right") - 1
    numbers = [UUID(bytes=number.tobytes()) for number in batch.customers[int(whose[0]) : int(whose[-1]) + 1]]
    sealed = zip(*(column.to_pylist() for column in together.sealed(begin, end).columns), strict=True)
    return [
        Entry(numbers[place], row.version, FACT, state_of(row), position, UUID(bytes=row.event), type, at, recorded_at)
        for place, row, position, type, at, recorded_at in zip(
            (whose - whose[0]).tolist(),
            (SealedRow(*values) for values in sealed),
            batch.positions[begin:end].tolist(),
            (columns.type_names[code] for code in columns.types[begin:end]),
            columns.at[begin:end].tolist(),
            batch.recorded_at[begin:end].tolist(),
            strict=True,
        )
    ]


def _some(starts: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Customers from one place to another, all of them in turn."""
    first = 0
    while first < len(starts) - 1:
        last = int(np.searchsorted(starts, starts[first] + TOGETHER, side="right")) - 1
        last = max(last, first + 1)
        yield first, last
        first = last
