"""A segment of the archive: some customers with some or all of their facts, in two files that are never changed.

``NAME.facts.arrow`` has the open columns the engine reads; ``NAME.sealed.arrow``, row for row, what else the log holds
of each fact, sealed as there. Customers stand in order of their number, each one's facts in fold order.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from batch_fold.coding import is_absent, narrowest
from batch_fold.columns import NUMBER, Batch, Field
from batch_fold.record_files import NUMBER_BYTES, Column, Folder, Record, damage_told, write_record

ANEW: Final = 1
"""All of her facts are here, whatever earlier segments have of her; else these come after those."""
VOIDS: Final = 2
"""Among her facts is one that voids."""
DAMAGED: Final = 4
"""What the log holds of her cannot be opened although her key is there."""

TOGETHER: Final = 32_768
"""Rows of a sealed file that are read at once."""

_SEALED: Final = pa.schema(
    [
        pa.field("version", pa.int64(), nullable=False),
        pa.field("event", pa.binary(NUMBER_BYTES), nullable=False),
        pa.field("open", pa.large_binary(), nullable=False),
        pa.field("box", pa.large_binary()),
    ]
)


@dataclass(frozen=True, slots=True)
class Contents:
    """All that a facts file says. ``marks`` (uint8) and ``last`` (int64: when the latest of her facts here occurred)
    are of each customer in ``batch``; ``gone`` (int64) the rows that are voided, which no reader gets."""

    batch: Batch
    marks: NDArray[np.uint8]
    last: NDArray[np.int64]
    gone: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))


@dataclass(frozen=True, slots=True)
class SealedRow:
    """What the log holds of a fact beside its columns: ``open`` is its public part, as the log has it; where a state is
    none of the form ``{"box", "open", "v"}``, it is all of the state, and there is no ``box``."""

    version: int
    event: bytes
    open: bytes
    box: bytes | None


def facts_path(name: str) -> str:
    return f"{name}.facts.arrow"


def sealed_path(name: str) -> str:
    return f"{name}.sealed.arrow"


def write_facts(folder: Folder, name: str, batch: Batch) -> None:
    """Customers with all of their facts, none voided. ``batch.customers`` (``V16``) stand in order of their bytes."""
    starts = batch.columns.starts
    # Who has no fact has none that is late.
    last = np.full(len(starts) - 1, np.iinfo(np.int64).min)
    some = starts[1:] > starts[:-1]
    last[some] = batch.columns.at[starts[1:][some] - 1]
    write_contents(folder, name, Contents(batch, np.full(len(last), ANEW, np.uint8), last))


def write_contents(folder: Folder, name: str, contents: Contents) -> None:
    batch, columns = contents.batch, contents.batch.columns
    written: dict[str, Column] = {
        "customer": np.ascontiguousarray(batch.customers).view(f"S{NUMBER_BYTES}"),
        "start": columns.starts,
        "marks": contents.marks,
        "last": contents.last,
        "gone": contents.gone,
        "at": columns.at,
        "position": batch.positions,
        "recorded_at": batch.recorded_at,
        "type": narrowest(columns.types),
        "types": list(columns.type_names),
    }
    for name_of_field, one in columns.fields.items():
        written |= _written(name_of_field, one)
    write_record(folder, facts_path(name), written)


def _written(name: str, one: Field) -> Mapping[str, Column]:
    if is_absent(one):
        return {}
    written: dict[str, Column] = {f"codes {name}": narrowest(one.codes), f"texts {name}": list(one.texts)}
    if one.numbers is not None:
        # Few facts have any one number.
        written[f"numbers {name}"] = one.numbers[one.codes == NUMBER]
    return written


class FactsFile:
    """A facts file, of which only that is read which is asked for. Every attribute raises ``ArchiveDamaged``."""

    def __init__(self, folder: Folder, name: str) -> None:
        self._record = Record(folder, facts_path(name))
        self.customers = self._record.array("customer")
        self.starts: NDArray[np.int64] = self._record.array("start").copy()
        self.marks: NDArray[np.uint8] = self._record.array("marks")
        self.gone: NDArray[np.int64] = self._record.array("gone")

    @property
    def rows(self) -> int:
        return int(self.starts[-1])

    def last(self) -> NDArray[np.int64]:
        return self._record.array("last")

    def at(self) -> NDArray[np.int64]:
        return self._record.array("at")

    def positions(self) -> NDArray[np.int64]:
        return self._record.array("position")

    def recorded_at(self) -> NDArray[np.int64]:
        return self._record.array("recorded_at")

    def types(self) -> Field:
        return Field(self._record.array("type"), self._record.texts("types"))

    def fields(self) -> list[str]:
        """The names of those that any fact here has."""
        return [name.removeprefix("codes ") for name in self._record.names() if name.startswith("codes ")]

    def field(self, name: str) -> Field | None:
        """``None``: absent everywhere."""
        if f"codes {name}" not in self._record:
            return None
        codes = self._record.array(f"codes {name}")
        numbers = None
        if f"numbers {name}" in self._record:
            numbers = np.zeros(len(codes))
            numbers[codes == NUMBER] = self._record.array(f"numbers {name}")
        return Field(codes, self._record.texts(f"texts {name}"), numbers)


class SealedWriting:
    """A sealed file as it is written, in pieces of any size."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._waiting: list[Any] = []
        self._rows = 0

    def add(self, rows: Sequence[SealedRow]) -> None:
        columns = [[getattr(row, name) for row in rows] for name in _SEALED.names]
        arrays = [pa.array(values, of.type) for values, of in zip(columns, _SEALED, strict=True)]
        self.add_batch(pa.record_batch(arrays, schema=_SEALED))

    def add_batch(self, batch: Any) -> None:
        self._waiting.append(batch)
        self._rows += batch.num_rows
        if self._rows >= TOGETHER:
            self.flush(TOGETHER)

    def flush(self, at_least: int = 1) -> None:
        """All batches but the last have the same number of rows, so that a row is found by its number."""
        waiting = pa.Table.from_batches(self._waiting, _SEALED)
        while waiting.num_rows >= at_least:
            (batch,) = waiting.slice(0, TOGETHER).combine_chunks().to_batches()
            self._file.write_batch(batch)
            waiting = waiting.slice(TOGETHER)
        self._waiting, self._rows = waiting.to_batches(), waiting.num_rows


@contextmanager
def sealed_written(folder: Folder, name: str) -> Iterator[SealedWriting]:
    with folder.written(sealed_path(name)) as stream, pa.ipc.new_file(stream, _SEALED) as file:
        writing = SealedWriting(file)
        yield writing
        writing.flush()


class SealedFile:
    """A sealed file. Every method raises ``ArchiveDamaged``."""

    def __init__(self, folder: Folder, name: str) -> None:
        self._path = sealed_path(name)
        with damage_told(self._path):
            self._file = pa.ipc.open_file(folder.opened(self._path))

    def batch(self, rows: NDArray[np.int64]) -> Any:
        """These rows, which ascend, as a batch of the columns version, event, open, box."""
        with damage_told(self._path):
            parts = []
            numbers, begins = np.unique(rows // TOGETHER, return_index=True)
            for number, begin, end in zip(numbers, begins, [*begins[1:], len(rows)], strict=False):
                wanted = pa.array(rows[begin:end] - number * TOGETHER)
                parts.append(self._file.get_batch(int(number)).take(wanted))
            taken = pa.Table.from_batches(parts, _SEALED).combine_chunks().to_batches()
            return taken[0] if taken else pa.RecordBatch.from_pylist([], _SEALED)

    def rows(self, rows: NDArray[np.int64]) -> list[SealedRow]:
        columns = [column.to_pylist() for column in self.batch(rows).columns]
        return [SealedRow(*values) for values in zip(*columns, strict=True)]


def as_keys(numbers: NDArray[Any]) -> NDArray[np.void]:
    """Numbers as a batch has them."""
    keys: NDArray[np.void] = np.ascontiguousarray(numbers).view(f"V{numbers.dtype.itemsize}")
    return keys
