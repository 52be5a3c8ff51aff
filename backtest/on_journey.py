"""Who was ever on the journey, and when: who never was is no customer of it and is not counted."""

import numpy as np
from numpy.typing import NDArray

from batch_fold.compiled import compiled_alone
from batch_fold.folds import KINDS, NEVER, Folds

_ENTERED = KINDS.index("entered")
_LEFT = KINDS.index("left")


def first_on(folds: Folds) -> NDArray[np.int64]:
    """When each customer entered for the first time; ``NEVER`` if she did not."""
    judged, found = folds.judged, np.full(len(folds.stage), NEVER, np.int64)
    entered = np.diff(judged.starts) > 0
    found[entered] = judged.at[judged.starts[:-1][entered]]
    return found


def ever_on(one: Folds, other: Folds) -> NDArray[np.bool_]:
    """Whether each customer was ever on the journey under either of two runs."""
    on: NDArray[np.bool_] = np.minimum(first_on(one), first_on(other)) != NEVER
    return on


def around(folds: Folds, starts: NDArray[np.int64], at: NDArray[np.int64], within: int) -> NDArray[np.bool_]:
    """Of instants by customer, ascending: whether she is on the journey then, or left it at most ``within`` before."""
    steps = folds.steps
    return _around(steps.starts, steps.at, steps.kind, _ENTERED, _LEFT, NEVER, starts, at, within)


@compiled_alone
def _around(
    step_starts: NDArray[np.int64],
    step_at: NDArray[np.int64],
    kind: NDArray[np.int8],
    entered: int,
    left: int,
    never: int,
    starts: NDArray[np.int64],
    at: NDArray[np.int64],
    within: int,
) -> NDArray[np.bool_]:
    found = np.zeros(len(at), np.bool_)
    for customer in range(len(starts) - 1):
        step, last, on, until = step_starts[customer], step_starts[customer + 1], False, never
        for place in range(starts[customer], starts[customer + 1]):
            while step < last and step_at[step] <= at[place]:
                if kind[step] == entered:
                    on, until = True, never
                elif kind[step] == left:
                    until = step_at[step]
                step += 1
            found[place] = on and (until == never or at[place] - until <= within)
    return found
