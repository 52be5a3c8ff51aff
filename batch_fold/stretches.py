"""What was believed of many customers, as stretches: beliefs that follow each other and are told by one fold.

Beliefs of a customer change whenever a fact of hers, or a version of the rulebook, becomes known. As long as every new
fact comes after all that has happened, one fold goes on from belief to belief (``domain/journey/carried.py``). Where
not, another stretch begins: a fold of all that is known then. A stretch is a customer of a batch of its own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from batch_fold.coding import from_lengths, ranges
from batch_fold.columns import Batch, Columns
from batch_fold.compiled import compiled_alone, fixed
from batch_fold.folding import fold_all
from batch_fold.folds import NEVER, Folds
from batch_fold.masks import Masks
from batch_fold.program import Program
from batch_fold.searching import last_up_to


@dataclass(frozen=True, slots=True)
class Stretches:
    """Each is of a ``customer`` (place in the batch), begins with the belief of the instant ``since``, is folded under
    ``run`` (place in ``Program.runs``) up to ``until``, and is over then; the ``last`` goes on.

    The facts of stretch n are ``rows[starts[n] : starts[n + 1]]`` of the batch; ``known`` says of each since when it is
    known, but not before the stretch began. It ascends with the instants of the facts.
    """

    customer: NDArray[np.int64]
    since: NDArray[np.int64]
    until: NDArray[np.int64]
    last: NDArray[np.bool_]
    run: NDArray[np.int32]
    starts: NDArray[np.int64]
    rows: NDArray[np.int64]
    at: NDArray[np.int64]
    known: NDArray[np.int64]
    _told_at: NDArray[np.int64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # Those that become known after it is over come last.
        is_known = self.known <= np.repeat(self.until, np.diff(self.starts))
        object.__setattr__(self, "_told_at", np.where(is_known, np.minimum(self.at, self.known), NEVER))

    def __len__(self) -> int:
        return len(self.customer)

    def believed_from(self, whose: NDArray[np.int64], instants: NDArray[np.int64]) -> NDArray[np.int64]:
        """When it began to be believed of a stretch that something happens at an instant of it.

        That is the latest change of belief that it takes to tell of that instant: each fact is told of from when it
        happened and was known.
        """
        found = last_up_to(self.starts, self._told_at, whose, instants)
        return np.where(found >= 0, self.known[found], self.since[whose])


def told(
    program: Program, batch: Batch, masks: Masks, published: Sequence[int], until: int, threads: int = 1
) -> Iterator[tuple[Stretches, Folds]]:
    """All that was believed of the customers of a batch up to ``until``, by stretches in any order, folded.

    ``published`` are the instants, ascending, from which on runs 1, 2 ... of the program are known; run 0 is what is
    known before. Everything in the batch was recorded by ``until``, and nothing in it is voided.
    """
    stretches = _first(batch, np.asarray(published, np.int64), until)
    while len(stretches):
        folds = fold_all(
            program,
            _columns(batch.columns, stretches),
            _masks(masks, stretches.rows),
            stretches.run,
            stretches.until,
            threads,
            stretches.known,
        )
        stretches, left = _parted(batch, stretches, folds)
        yield stretches, folds
        stretches = left


def _first(batch: Batch, published: NDArray[np.int64], until: int) -> Stretches:
    """Those that begin with what is surely no continuation. Whether timers make one late is left to the fold."""
    columns = batch.columns
    some = np.flatnonzero(np.diff(columns.starts))
    begun = np.minimum.reduceat(batch.recorded_at, columns.starts[some]) if len(some) else some
    customers, since = [some], [begun]
    for instant in published.tolist():
        before = begun < instant
        customers.append(some[before])
        since.append(np.full(int(before.sum()), instant))
    late = _late(batch)
    customers.append(np.searchsorted(columns.starts, late, side="right") - 1)
    since.append(batch.recorded_at[late])
    customer, changed = np.concatenate(customers), np.concatenate(since)
    order = np.lexsort((changed, customer))
    customer, changed = customer[order], changed[order]
    again = np.zeros(len(order), np.bool_)
    again[1:] = (customer[1:] == customer[:-1]) & (changed[1:] == changed[:-1])
    customer, changed = customer[~again], changed[~again]
    last = np.ones(len(customer), np.bool_)
    last[:-1] = customer[1:] != customer[:-1]
    ends = np.full(len(customer), until)
    ends[:-1][~last[:-1]] = changed[1:][~last[:-1]] - 1
    run = np.searchsorted(published, changed, side="right").astype(np.int32)
    return _stretches(batch, customer, changed, ends, last, run)


def _stretches(
    batch: Batch,
    customer: NDArray[np.int64],
    since: NDArray[np.int64],
    until: NDArray[np.int64],
    last: NDArray[np.bool_],
    run: NDArray[np.int32],
) -> Stretches:
    starts = batch.columns.starts
    counts = starts[customer + 1] - starts[customer]
    rows = ranges(starts[customer], counts)
    is_known = batch.recorded_at[rows] <= np.repeat(until, counts)
    if not is_known.all():
        rows = rows[is_known]
        counts = np.diff(from_lengths(is_known.astype(np.int64))[from_lengths(counts)])
    known = np.maximum(batch.recorded_at[rows], np.repeat(since, counts))
    return Stretches(customer, since, until, last, run, from_lengths(counts), rows, batch.columns.at[rows], known)


def _parted(batch: Batch, stretches: Stretches, folds: Folds) -> tuple[Stretches, Stretches]:
    """The stretches as far as the folds went, and those with which it goes on after a fact that a timer made late."""
    ended = stretches.starts[:-1] + folds.taken
    is_left = ended < stretches.starts[1:]
    is_left[is_left] = stretches.at[ended[is_left]] <= stretches.until[is_left]
    some = np.flatnonzero(is_left)
    since = stretches.known[ended[some]]
    until, last = stretches.until.copy(), stretches.last.copy()
    until[some], last[some] = since - 1, False
    left = _stretches(
        batch,
        stretches.customer[some],
        since,
        stretches.until[some],
        stretches.last[some],
        stretches.run[some],
    )
    return replace(stretches, until=until, last=last), left


def _columns(columns: Columns, stretches: Stretches) -> Columns:
    """What the fold reads of them."""
    return replace(columns, starts=stretches.starts, at=stretches.at, types=columns.types[stretches.rows])


def _masks(masks: Masks, rows: NDArray[np.int64]) -> Masks:
    return replace(masks, words=masks.words[rows], amounts=masks.amounts[:, rows], act=masks.act[rows])


def _late(batch: Batch) -> NDArray[np.int64]:
    """A row of each change of belief that brings a fact which does not lie after all facts known before."""
    columns = batch.columns
    customer = np.repeat(np.arange(columns.customers), np.diff(columns.starts))
    disordered = np.zeros(columns.customers, np.bool_)
    if columns.facts:
        same = customer[1:] == customer[:-1]
        together = batch.recorded_at[1:] == batch.recorded_at[:-1]
        in_order = (batch.recorded_at[1:] > batch.recorded_at[:-1]) & (columns.at[1:] > columns.at[:-1])
        disordered[customer[1:][same & ~together & ~in_order]] = True
    own = np.flatnonzero(disordered)
    lengths = columns.starts[own + 1] - columns.starts[own]
    rows = ranges(columns.starts[own], lengths)
    # The sort is stable: facts of one change stay in fold order.
    rows = rows[np.lexsort((batch.recorded_at[rows], np.repeat(own, lengths)))]
    is_late = np.zeros(len(rows), np.bool_)
    at, recorded_at = columns.at[rows], batch.recorded_at[rows]
    _mark_late(fixed(from_lengths(lengths), np.int64), fixed(at, np.int64), fixed(recorded_at, np.int64), is_late)
    return rows[is_late]


@compiled_alone
def _mark_late(
    starts: NDArray[np.int64], at: NDArray[np.int64], recorded_at: NDArray[np.int64], is_late: NDArray[np.bool_]
) -> None:
    for customer in range(len(starts) - 1):
        row, end = starts[customer], starts[customer + 1]
        first, reached = row, at[row]
        while row < end:
            begin, earliest, latest = row, at[row], at[row]
            while row < end and recorded_at[row] == recorded_at[begin]:
                earliest, latest = min(earliest, at[row]), max(latest, at[row])
                row += 1
            is_late[begin] = begin > first and earliest <= reached
            reached = max(reached, latest)
