"""Two bars in a row of a table, the published rules' above the candidate's."""

from collections.abc import Iterable
from typing import Final

LENGTH: Final = 100
"""Of the longest, in units of the picture."""


def longest(*columns: Iterable[float]) -> float:
    """What the longest bar of a table stands for; at least 1, so that a table of noughts has no bars."""
    return max((value for column in columns for value in column), default=0) or 1


def bar(value: float, most: float) -> float:
    """How long a bar is; what is there at all can be seen."""
    return 0 if value <= 0 else round(max(LENGTH * value / most, 0.8), 1)
