"""Searches in many short ascending rows of numbers that stand one after the other, a row a customer."""

import numpy as np
from numpy.typing import NDArray

from batch_fold.compiled import compiled_alone, fixed


def last_up_to(
    starts: NDArray[np.int64], values: NDArray[np.int64], whose: NDArray[np.int64], wanted: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Where the last of ``values[starts[w] : starts[w + 1]]`` stands that is not above what is wanted; -1: none is.

    The values of each row ascend, or stay the same.
    """
    found = np.empty(len(wanted), np.int64)
    _search(fixed(starts, np.int64), fixed(values, np.int64), fixed(whose, np.int64), fixed(wanted, np.int64), found)
    return found


@compiled_alone
def _search(
    starts: NDArray[np.int64],
    values: NDArray[np.int64],
    whose: NDArray[np.int64],
    wanted: NDArray[np.int64],
    found: NDArray[np.int64],
) -> None:
    for place in range(len(wanted)):
        first = starts[whose[place]]
        low, high = first, starts[whose[place] + 1]
        while low < high:
            middle = (low + high) // 2
            if values[middle] <= wanted[place]:
                low = middle + 1
            else:
                high = middle
        found[place] = low - 1 if low > first else -1
