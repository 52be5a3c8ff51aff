"""From numbers to places on a picture: the ends of an axis, and long rows of days made short."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Final

MOST_POINTS: Final = 200
"""Of a line: a picture is not wider than this in places that an eye can tell apart."""


@dataclass(frozen=True, slots=True)
class Axis:
    """The values at both ends, ``low`` < ``high``, and those to write beside the axis, from low to high."""

    low: float
    high: float
    ticks: Sequence[float]

    def share(self, value: float) -> float:
        """Where a value lies: 0 at the low end, 1 at the high."""
        return (value - self.low) / (self.high - self.low)


def axis(values: Sequence[float], least: float) -> Axis:
    """Begins at 0, unless all values lie so far from it that their differences could not be seen.

    The ends are round numbers, and so is the step between the two or three ticks, at least ``least``.
    """
    lowest, highest = min(values, default=0), max(values, default=0)
    begin = lowest if lowest > 0.6 * highest and lowest != highest else min(lowest, 0)
    step = _round(max((highest - begin) / 2, least))
    # Sums of a step like 0.1 are not exact; nine digits are more than is written.
    low = round(floor(begin / step) * step, 9)
    ticks = [round(low + n * step, 9) for n in range(ceil(round((highest - low) / step, 9) or 1) + 1)]
    return Axis(low, ticks[-1], ticks)


def buckets(count: int, most: int = MOST_POINTS) -> list[range]:
    """Consecutive places 0 to ``count`` - 1 in at most ``most`` groups of nearly the same size."""
    groups = min(count, most)
    return [range(count * n // groups, count * (n + 1) // groups) for n in range(groups)]


def last_of(values: Sequence[float], groups: Sequence[range]) -> list[float]:
    """What stands at the end of each group: for what is counted at an instant, as who is in a stage."""
    return [values[group[-1]] for group in groups]


def mean_of(values: Sequence[float], groups: Sequence[range]) -> list[float]:
    """For what is counted per day, as cards: thinned by leaving out, a week's rhythm would turn into another one."""
    return [sum(values[place] for place in group) / len(group) for group in groups]


def _round(value: float) -> float:
    """The next 1, 2, 2.5 or 5 with noughts."""
    power = 10.0 ** floor(log10(value))
    return next(float(factor * power) for factor in (1, 2, 2.5, 5, 10) if factor * power >= value * (1 - 1e-9))
