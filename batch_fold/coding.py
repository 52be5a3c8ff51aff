"""Values of JSON as the codes of a column, and the columns of several files as one over a common list of texts."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from batch_fold.columns import ABSENT, FALSE, NULL, NUMBER, OTHER, SEALED, TRUE, Field

_LOWEST: Final = NULL


class Coding:
    """A field as it is filled, row by row; rows that nothing is put into are as ``begun`` has them, or absent."""

    def __init__(self, rows: int, begun: Field | None = None) -> None:
        self._rows = rows
        self._begun = begun
        self._places = {} if begun is None else {text: place for place, text in enumerate(begun.texts)}
        self._filled: list[int] = []
        self._codes: list[int] = []
        self._number_rows: list[int] = []
        self._numbers: list[float] = []

    def put(self, row: int, value: Any) -> None:
        """``None`` is absent."""
        if value is None:
            self.code(row, ABSENT)
        elif isinstance(value, str):
            self.code(row, self._places.setdefault(value, len(self._places)))
        elif isinstance(value, bool):
            self.code(row, TRUE if value else FALSE)
        elif isinstance(value, int | float):
            self.code(row, NUMBER)
            self._number_rows.append(row)
            self._numbers.append(value)
        else:
            self.code(row, OTHER)

    def code(self, row: int, code: int) -> None:
        """For what is no value: ``SEALED``, ``NULL``."""
        self._filled.append(row)
        self._codes.append(code)

    def field(self) -> Field:
        begun = self._begun
        codes = np.full(self._rows, ABSENT, np.int32) if begun is None else begun.codes.astype(np.int32)
        codes[self._filled] = self._codes
        numbers = None if begun is None else begun.numbers
        if self._numbers:
            numbers = np.zeros(self._rows) if numbers is None else numbers.copy()
            numbers[self._number_rows] = self._numbers
        return Field(codes, list(self._places), numbers)


def one_list(lists: Sequence[Sequence[str]]) -> tuple[list[str], list[NDArray[np.int32]]]:
    """The texts of all lists, each once, and for each list the places of its texts there.

    A table of places takes codes as they are: what is no place of a text stays what it is.
    """
    places: dict[str, int] = {}
    tables = []
    for texts in lists:
        there = [places.setdefault(text, len(places)) for text in texts]
        # A negative index counts from the end.
        tables.append(np.array([*there, *range(_LOWEST, 0)], np.int32))
    return list(places), tables


def joined(fields: Sequence[Field | None], rows: Sequence[int], taken: NDArray[np.int64] | None) -> Field:
    """The field of several files one after the other; of all rows, or of those ``taken`` in that order.

    ``rows`` are how many each file has; ``None`` is a file in which the field is absent everywhere.
    """
    if len(fields) == 1 and fields[0] is not None:
        only = fields[0]
        numbers = None if only.numbers is None else gathered([only.numbers], taken)
        return Field(gathered([only.codes], taken).astype(np.int32, copy=False), only.texts, numbers)
    texts, tables = one_list([() if field is None else field.texts for field in fields])
    whole = [
        np.full(count, ABSENT, np.int32) if field is None else table[field.codes]
        for field, table, count in zip(fields, tables, rows, strict=True)
    ]
    codes = gathered(whole, taken)
    if all(field is None or field.numbers is None for field in fields):
        return Field(codes, texts)
    zeros = [
        np.zeros(count) if field is None or field.numbers is None else field.numbers
        for field, count in zip(fields, rows, strict=True)
    ]
    return Field(codes, texts, gathered(zeros, taken))


def gathered(arrays: Sequence[NDArray[Any]], taken: NDArray[np.int64] | None) -> NDArray[Any]:
    """Arrays one after the other: all of them, or what is ``taken`` in that order. A whole single one is not copied."""
    whole = arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
    return whole if taken is None else whole[taken]


def narrowest(codes: NDArray[np.int32]) -> NDArray[Any]:
    """The same numbers in as few bytes each as will do."""
    low, high = (int(codes.min()), int(codes.max())) if len(codes) else (0, 0)
    for kind in (np.int8, np.int16):
        if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
            return codes.astype(kind)
    return codes.astype(np.int32, copy=False)


def is_absent(field: Field) -> bool:
    """Whether it is so everywhere."""
    return not bool((field.codes != ABSENT).any())


def sealed_rows(field: Field | None, rows: int) -> NDArray[np.bool_]:
    """Where the value lies in a box."""
    return np.zeros(rows, np.bool_) if field is None else field.codes == SEALED


def ranges(begins: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """``begin, begin + 1 ...`` of each, one after the other."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    return np.repeat(begins - (ends - counts), counts) + np.arange(total, dtype=np.int64)


def from_lengths(counts: Iterable[int] | NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each of so many begins, and where the last ends."""
    lengths = np.asarray(counts if isinstance(counts, np.ndarray) else list(counts), np.int64)
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths, dtype=np.int64)])
