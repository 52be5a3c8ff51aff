"""Intervals of several kinds, joined where they meet."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from batch_fold.compiled import compiled_alone

_FEW = 32


class Intervals(NamedTuple):
    """By customer: intervals, each with the number of what it is one of."""

    starts: NDArray[np.int64]
    number: NDArray[np.int64]
    begin: NDArray[np.int64]
    end: NDArray[np.int64]


def joined(intervals: Intervals, gap: int) -> Intervals:
    """Those of one customer and number joined if at most ``gap`` lies between end and begin; in order of these."""
    starts, rows = _joined(*intervals, gap)
    return Intervals(starts, *(rows[:, column].copy() for column in range(3)))


@compiled_alone
def _joined(
    starts: NDArray[np.int64],
    number: NDArray[np.int64],
    begin: NDArray[np.int64],
    end: NDArray[np.int64],
    gap: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    rows, used = np.empty((len(number), 3), np.int64), 0
    found = np.zeros(len(starts), np.int64)
    for customer in range(len(starts) - 1):
        hers = rows[used : used + starts[customer + 1] - starts[customer]]
        for place in range(len(hers)):
            interval = starts[customer] + place
            hers[place, 0], hers[place, 1], hers[place, 2] = number[interval], begin[interval], end[interval]
        used += _join(hers, gap)
        found[customer + 1] = used
    return found, rows[:used]


@compiled_alone
def _join(rows: NDArray[np.int64], gap: int) -> int:
    """Joined in place; returns how many are left, which are the first."""
    _sort(rows)
    left = 0
    for row in range(len(rows)):
        # Of those that never end the end has no successor.
        if left and rows[row, 0] == rows[left - 1, 0] and rows[row, 1] - gap <= rows[left - 1, 2]:
            rows[left - 1, 2] = max(rows[left - 1, 2], rows[row, 2])
        else:
            rows[left, 0], rows[left, 1], rows[left, 2] = rows[row, 0], rows[row, 1], rows[row, 2]
            left += 1
    return left


@compiled_alone
def _sort(rows: NDArray[np.int64]) -> None:
    """By number, then begin."""
    if len(rows) > _FEW:
        by_begin = rows[np.argsort(rows[:, 1], kind="mergesort")]
        rows[:] = by_begin[np.argsort(by_begin[:, 0], kind="mergesort")]
        return
    for row in range(1, len(rows)):
        number, begin, end = rows[row, 0], rows[row, 1], rows[row, 2]
        place = row
        while place and (rows[place - 1, 0] > number or (rows[place - 1, 0] == number and rows[place - 1, 1] > begin)):
            rows[place, 0], rows[place, 1], rows[place, 2] = rows[place - 1, 0], rows[place - 1, 1], rows[place - 1, 2]
            place -= 1
        rows[place, 0], rows[place, 1], rows[place, 2] = number, begin, end
