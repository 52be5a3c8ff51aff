"""What publishing the candidate at the end of the period would do at once (``domain.journey.preview``, as arrays)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backtest.differences import flow
from backtest.plan import Plan
from batch_fold.compiled import compiled_alone
from batch_fold.folds import Folds


@dataclass(frozen=True, slots=True)
class InFlight:
    """``moves``: (under the published rules x with the candidate) stages, off the journey last."""

    moves: NDArray[np.int64]
    opened: int
    closed: int

    def plus(self, other: "InFlight") -> "InFlight":
        return InFlight(self.moves + other.moves, self.opened + other.opened, self.closed + other.closed)


def in_flight(plan: Plan, published: Folds, candidate: Folds) -> InFlight:
    """``candidate``: as published, and the candidate in force from the end of the period."""
    now, then = published.open, candidate.open
    return InFlight(
        flow(plan, published, candidate),
        opened=_lacking(then.starts, then.rule, now.starts, now.rule),
        closed=_lacking(now.starts, now.rule, then.starts, then.rule),
    )


@compiled_alone
def _lacking(
    starts: NDArray[np.int64],
    rule: NDArray[np.int32],
    other_starts: NDArray[np.int64],
    other_rule: NDArray[np.int32],
) -> int:
    """How many opportunities are open that are not among the others of the same customer."""
    number = 0
    for customer in range(len(starts) - 1):
        for place in range(starts[customer], starts[customer + 1]):
            there = False
            for other in range(other_starts[customer], other_starts[customer + 1]):
                there = there or other_rule[other] == rule[place]
            number += not there
    return number
