"""How often each number occurs: one pass, without sorting them all."""

import numpy as np
from numpy.typing import NDArray

from batch_fold.compiled import compiled_alone

_FREE = -1


def counted(numbers: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The different ones in ascending order, none below zero, and how often each of them occurs."""
    found, times = _counted(numbers)
    order = np.argsort(found)
    return found[order], times[order]


@compiled_alone
def _counted(numbers: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """A table of open addresses, kept at most half full."""
    size, used = 64, 0
    keys, times = np.full(size, _FREE, np.int64), np.zeros(size, np.int64)
    for number in numbers:
        place = _place(keys, number)
        if keys[place] == _FREE:
            if 2 * used >= size:
                size *= 4
                more, more_times = np.full(size, _FREE, np.int64), np.zeros(size, np.int64)
                for old in range(len(keys)):
                    if keys[old] != _FREE:
                        new = _place(more, keys[old])
                        more[new], more_times[new] = keys[old], times[old]
                keys, times = more, more_times
                place = _place(keys, number)
            keys[place] = number
            used += 1
        times[place] += 1
    taken = keys != _FREE
    return keys[taken], times[taken]


@compiled_alone
def _place(keys: NDArray[np.int64], number: int) -> int:
    """Where a number stands in the table, or would."""
    mixed = number * -7046029254386353131
    place = (mixed ^ (mixed >> 29)) & (len(keys) - 1)
    while keys[place] != number and keys[place] != _FREE:
        place = (place + 1) & (len(keys) - 1)
    return place
