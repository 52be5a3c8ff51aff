"""One value of a rule over a list of values: for each the figures that tell them apart, all from one pass."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backtest.board_days import board_days
from backtest.card_spells import Spells, Surroundings, spells_of
from backtest.differences import first_differing, flow
from backtest.outcomes import Outcomes, outcomes
from backtest.plan import Plan
from batch_fold.folds import Folds


@dataclass(frozen=True, slots=True)
class Swept:
    """Of one value. ``stages``: customers at the end of the period, off the journey last; ``cards``: card-days."""

    stages: NDArray[np.int64]
    differ: int
    elsewhere: int
    cards: int
    outcomes: Outcomes | None

    def plus(self, other: "Swept") -> "Swept":
        both = (self.outcomes, other.outcomes)
        return Swept(
            self.stages + other.stages,
            self.differ + other.differ,
            self.elsewhere + other.elsewhere,
            self.cards + other.cards,
            both[0].plus(both[1]) if both[0] is not None and both[1] is not None else None,
        )

    def as_json(self, value: Any, stages: Sequence[tuple[str | None, int]]) -> dict[str, Any]:
        """``stages``: those to be told, each with its place."""
        return {
            "value": value,
            "stages": [{"stage": stage, "customers": int(self.stages[place])} for stage, place in stages],
            "differ": self.differ,
            "elsewhere": self.elsewhere,
            "cards": self.cards,
            "outcomes": self.outcomes.as_json() if self.outcomes is not None else None,
        }


def swept(plan: Plan, run: int, around: Surroundings, published: Folds, spells: Spells, varied: Folds) -> Swept:
    """``spells`` are those of ``published``; ``run`` is that of ``varied``."""
    ways, listed = flow(plan, published, varied), spells_of(plan, run, varied, around)
    return Swept(
        stages=ways.sum(axis=0),
        differ=int(np.count_nonzero(first_differing(published, varied) >= 0)),
        elsewhere=int(ways.sum() - np.trace(ways)),
        cards=int(board_days(plan, around, spells, listed).cards[1].sum()),
        outcomes=outcomes(plan, around, varied, listed) if plan.question.outcome is not None else None,
    )
