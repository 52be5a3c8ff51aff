"""The local days of a period: what is told day by day."""

from dataclasses import dataclass
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from batch_fold.compiled import compiled_alone
from domain.instants import DAY, Instant
from domain.local_days import day_of, start_of

MOST: Final = 3_660
"""Of a longer period the last days are told."""


@dataclass(frozen=True, slots=True)
class LocalDays:
    """Each day from ``starts``, its 00:00, up to and including ``uptos``: its last instant, or the period's end.

    Instants in int64. One day begins where the one before ends, so an instant after the first start lies in one day.
    """

    dates: tuple[date, ...]
    starts: NDArray[np.int64]
    uptos: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.dates)


def local_days(since: Instant | None, until: Instant, zone: ZoneInfo) -> LocalDays:
    """The days from that of ``since`` that begin before ``until``, where the last one ends; at least one."""
    last = day_of(until if since == until else until - 1, zone)
    first = (
        last.toordinal() - MOST + 1
        if since is None
        else max(day_of(since, zone).toordinal(), last.toordinal() - MOST + 1)
    )
    days = [date.fromordinal(number) for number in range(max(first, _FIRST), last.toordinal() + 1)]
    starts = [start_of(day, zone) for day in days]
    uptos = [*(after - 1 for after in starts[1:]), until]
    # A day that a zone left out, when it crossed the date line, has no instant.
    there = [place for place in range(len(days)) if starts[place] <= uptos[place]]
    return LocalDays(
        tuple(days[place] for place in there),
        np.array([starts[place] for place in there], np.int64),
        np.array([uptos[place] for place in there], np.int64),
    )


_FIRST: Final = date(1, 1, 3).toordinal()


def days_at(days: LocalDays, at: NDArray[np.int64]) -> NDArray[np.int64]:
    """The place of the day in which each instant lies; of one before all days the first, after all the last."""
    return _days_at(days.uptos, at, DAY)


@compiled_alone
def _days_at(uptos: NDArray[np.int64], at: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    found, last = np.empty(len(at), np.int64), len(uptos) - 1
    for place in range(len(at)):
        # Nearly all days are equally long, so the first guess is seldom off by more than one.
        day = min(max((at[place] - uptos[0]) // length, 0), last)
        while day > 0 and uptos[day - 1] >= at[place]:
            day -= 1
        while day < last and uptos[day] < at[place]:
            day += 1
        found[place] = day
    return found
