"""Customers folded in ranges, by as many threads as wished; the answer is the same whatever their number."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from batch_fold.cached_kernel import cached_kernel
from batch_fold.columns import Columns
from batch_fold.fold_record import FoldRecord
from batch_fold.folds import NEVER, Folds
from batch_fold.kernel_state import STANDING, WRITTEN
from batch_fold.masks import Masks
from batch_fold.program import Program
from batch_fold.written_folds import Part, folds_of

_RANGE = 1 << 18
"""About so many facts make a range: its beginning then costs nothing, and threads share ranges out evenly."""


def fold_all(
    program: Program,
    columns: Columns,
    masks: Masks,
    run: int | NDArray[np.int32],
    as_of: int | NDArray[np.int64],
    threads: int = 1,
    known: NDArray[np.int64] | None = None,
) -> Folds:
    """Fold every customer of a batch under her run of the program, up to her ``as_of``; later facts are not taken.

    ``run`` is a place in ``program.runs``. ``known`` says since when each fact is known, and never decreases among the
    facts of one customer. The fold of a customer then ends before the first of them of which it holds that something
    happened at its instant or after it, up to the moment before it was known; it is her fold up to that moment.
    """
    runs = np.broadcast_to(np.asarray(run, np.int32), columns.customers)
    order = np.argsort(runs, kind="stable")
    folding = _Folding(program, columns, masks, as_of, known)
    # Of nobody there is still one range, which writes no rows of the right kinds.
    ranges = list(_ranges(order, runs[order], np.diff(columns.starts)[order])) or [(0, order)]
    with ThreadPoolExecutor(max(1, min(threads, len(ranges)))) as pool:
        parts = list(pool.map(folding.fold, ranges))
    return folds_of(masks.names, folding.standings, order, parts)


_Range = tuple[int, NDArray[np.int64]]
"""A run, and customers under it."""


def _ranges(order: NDArray[np.int64], runs: NDArray[np.int32], facts: NDArray[np.int64]) -> Iterator[_Range]:
    shares = np.cumsum(facts + 1) // _RANGE
    changes = np.flatnonzero((np.diff(runs) != 0) | (np.diff(shares) != 0)) + 1
    for begin, end in pairwise([0, *changes.tolist(), len(order)]):
        if begin < end:
            yield int(runs[begin]), order[begin:end]


class _Folding:
    """What all ranges share. Each range writes the standings of its own customers."""

    def __init__(
        self,
        program: Program,
        columns: Columns,
        masks: Masks,
        as_of: int | NDArray[np.int64],
        known: NDArray[np.int64] | None,
    ) -> None:
        self.program, self.columns, self.masks, self.known = program, columns, masks, known
        self.standings = np.zeros(columns.customers, STANDING)
        self.as_of = np.minimum(np.broadcast_to(np.asarray(as_of, np.int64), columns.customers), NEVER - 1)
        self.order_of_names = _places_in_order(masks.names)

    def fold(self, range_: _Range) -> Part:
        run, customers = range_
        record = FoldRecord(self.program.runs[run], self.order_of_names, self.standings)
        record.take_facts(self.columns, self.masks, self.as_of, self.known)
        for name, rows in self._guess(customers).items():
            record.make_room(name, rows)
        done = 0
        while (done := cached_kernel()(record.rows, customers, done)) < len(customers):
            record.make_more_room()
        return {name: record.rows_written(name) for name in WRITTEN}

    def _guess(self, customers: NDArray[np.int64]) -> dict[str, int]:
        """Room enough for most; whoever finds none is folded again with more."""
        starts = self.columns.starts
        steps = int(np.sum(starts[customers + 1] - starts[customers])) // 4 + 4 * len(customers)
        return {name: 64 + (steps if name == "steps" else len(customers)) for name in WRITTEN}


def _places_in_order(names: Sequence[str]) -> NDArray[np.int32]:
    """The place of each name among all in order of name (code point)."""
    places = np.empty(len(names), np.int32)
    places[sorted(range(len(names)), key=names.__getitem__)] = np.arange(len(names), dtype=np.int32)
    return places
