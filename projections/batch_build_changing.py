"""Something that changes now and then, of many at once: ``domain/journey/over_time.py`` over arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from batch_fold.folds import NONE
from batch_fold.searching import last_up_to


@dataclass(frozen=True, slots=True)
class Changing:
    """The changes of n are ``at[starts[n] : starts[n + 1]]``, in order of time; from each on it is ``value``."""

    starts: NDArray[np.int64]
    at: NDArray[np.int64]
    value: NDArray[np.int64]

    def at_instants(
        self, whose: NDArray[np.int64], instants: NDArray[np.int64], before: int = NONE
    ) -> NDArray[np.int64]:
        """What the last change at or before each instant says; ``before`` the first one."""
        found = last_up_to(self.starts, self.at, whose, instants)
        return _or(before, self.value, found)

    def at_end(self) -> NDArray[np.int64]:
        """Of each what the last change says, ``NONE`` without any."""
        found = np.where(np.diff(self.starts) > 0, self.starts[1:] - 1, -1)
        return _or(NONE, self.value, found)

    def between(
        self, whose: NDArray[np.int64], after: NDArray[np.int64], before: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The instants of the changes of each after one instant and before another, with the place in ``whose``."""
        first = last_up_to(self.starts, self.at, whose, after) + 1
        first = np.where(first > 0, first, self.starts[whose])
        counts = np.maximum(last_up_to(self.starts, self.at, whose, before - 1) + 1 - first, 0)
        place = np.repeat(np.arange(len(whose)), counts)
        nth = np.arange(len(place)) - np.repeat(np.cumsum(counts) - counts, counts)
        return place, self.at[first[place] + nth]


def changing(count: int, whose: NDArray[np.int64], at: NDArray[np.int64], value: NDArray[np.int64]) -> Changing:
    """Of ``count``, from what is said in order of whose and time: the last word of each instant, where it is another
    than the one before."""
    if len(whose):
        is_last = np.ones(len(whose), np.bool_)
        is_last[:-1] = (whose[1:] != whose[:-1]) | (at[1:] != at[:-1])
        whose, at, value = whose[is_last], at[is_last], value[is_last]
        is_new = np.ones(len(whose), np.bool_)
        is_new[1:] = (whose[1:] != whose[:-1]) | (value[1:] != value[:-1])
        whose, at, value = whose[is_new], at[is_new], value[is_new]
    return Changing(np.searchsorted(whose, np.arange(count + 1)).astype(np.int64), at, value)


def _or(without: int, values: NDArray[np.int64], places: NDArray[np.int64]) -> NDArray[np.int64]:
    if not len(values):
        return np.full(len(places), without, np.int64)
    return np.where(places >= 0, values[places], without).astype(np.int64)
