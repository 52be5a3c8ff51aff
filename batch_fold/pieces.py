"""Segments laid one over the other: which of their rows are the facts of whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from batch_fold.coding import gathered, ranges
from batch_fold.segments import ANEW, FactsFile


@dataclass(frozen=True, slots=True)
class Pieces:
    """Which rows of some segments, counted on from one to the next, are the facts of which customer, in fold order.

    ``rows`` (int64) may be ``None``: all of the only segment. ``marks`` are of each customer, over all her pieces.
    """

    customers: NDArray[Any]
    starts: NDArray[np.int64]
    rows: NDArray[np.int64] | None
    marks: NDArray[np.uint8]
    last: NDArray[np.int64]

    def which(self) -> NDArray[np.int64]:
        return np.arange(self.starts[-1]) if self.rows is None else self.rows

    def keeping(self, rows: NDArray[np.bool_], customers: NDArray[np.bool_]) -> "Pieces":
        """What is left of these rows (of ``which``) and customers; who has none of her rows left stays."""
        kept = rows & np.repeat(customers, np.diff(self.starts))
        before = np.concatenate([np.zeros(1, np.int64), np.cumsum(kept, dtype=np.int64)])
        counts = before[self.starts[1:]] - before[self.starts[:-1]]
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts[customers], dtype=np.int64)])
        numbers, marks, last = self.customers[customers], self.marks[customers], self.last[customers]
        return Pieces(numbers, starts, self.which()[kept], marks, last)


def pieces(files: Sequence[FactsFile]) -> Pieces:
    """Of segments in the order in which they were written: each customer from where she was last written anew."""
    if len(files) == 1:
        only = files[0]
        return Pieces(only.customers, only.starts, None, only.marks, only.last())
    customers = gathered([file.customers for file in files], None)
    order = np.argsort(customers, kind="stable")
    customers = customers[order]
    begins = gathered([file.starts[:-1] + before for file, before in zip(files, offsets(files), strict=False)], order)
    counts = gathered([np.diff(file.starts) for file in files], order)
    marks = gathered([file.marks for file in files], order)
    last = gathered([file.last() for file in files], order)

    is_first = np.ones(len(customers), np.bool_)
    is_first[1:] = customers[1:] != customers[:-1]
    firsts, whose = np.flatnonzero(is_first), np.cumsum(is_first) - 1
    places = np.arange(len(customers))
    begun = np.maximum.reduceat(np.where(marks & ANEW, places, 0), firsts) if len(firsts) else firsts
    kept = places >= begun[whose]
    own = firsts if kept.all() else np.flatnonzero(np.diff(whose[kept], prepend=-1))
    begins, counts, marks, last = begins[kept], counts[kept], marks[kept], last[kept]
    lengths = np.add.reduceat(counts, own) if len(own) else counts
    return Pieces(
        customers[firsts],
        np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths, dtype=np.int64)]),
        ranges(begins, counts),
        np.bitwise_or.reduceat(marks, own) if len(own) else marks,
        np.maximum.reduceat(last, own) if len(own) else last,
    )


def offsets(files: Sequence[FactsFile]) -> NDArray[np.int64]:
    """Where the rows of each begin when they are counted on, and where those of the last end."""
    return np.cumsum([0, *(file.rows for file in files)], dtype=np.int64)


def gone_rows(files: Sequence[FactsFile]) -> NDArray[np.bool_]:
    """Which of all their rows are voided."""
    marked = np.zeros(int(offsets(files)[-1]), np.bool_)
    for file, before in zip(files, offsets(files), strict=False):
        marked[file.gone + before] = True
    return marked
