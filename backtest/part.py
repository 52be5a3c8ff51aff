"""One part of the customers: read, masked, folded under every run, and reduced to what can be added up.

A pure function of the plan and the part, so it may be worked anywhere, in any order.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from backtest.board_days import BoardDays, board_days
from backtest.card_spells import spells_of, surroundings
from backtest.differences import Differences, differences
from backtest.history import History
from backtest.in_flight import InFlight, in_flight
from backtest.on_journey import first_on
from backtest.outcomes import Outcomes, outcomes
from backtest.plan import Plan
from backtest.question import CANDIDATE, IN_FLIGHT, PUBLISHED, SWEPT
from backtest.stage_days import StageDays, stage_days
from backtest.sweep import Swept, swept
from batch_fold.columns import Batch
from batch_fold.folding import fold_all
from batch_fold.folds import NEVER, Folds
from batch_fold.masks import masks_of

Clock = Callable[[], float]
"""Seconds since some instant of its own."""

SHARES: Final = ("reading", "masks", "fold", "report")


@dataclass(slots=True)
class Spent:
    """Seconds of work by what was done; of several threads added up."""

    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(SHARES, 0.0))

    @contextmanager
    def on(self, what: str, clock: Clock) -> Iterator[None]:
        """What is measured within does not count towards what is around it."""
        begun, before = clock(), sum(self.seconds.values())
        try:
            yield
        finally:
            within = sum(self.seconds.values()) - before
            self.seconds[what] += clock() - begun - within

    def plus(self, other: "Spent") -> "Spent":
        return Spent({what: self.seconds[what] + other.seconds[what] for what in SHARES})


@dataclass(frozen=True, slots=True)
class Part:
    """Figures of some customers, to be added up in any order. ``stages`` and ``outcomes`` are of the published rules
    and of the candidate."""

    facts: int
    customers: int
    erased: int
    damaged: int
    stages: tuple[StageDays, StageDays]
    differences: Differences
    board: BoardDays
    outcomes: tuple[Outcomes, Outcomes] | None
    in_flight: InFlight
    swept: tuple[Swept, ...]

    def plus(self, other: "Part") -> "Part":
        return Part(
            self.facts + other.facts,
            self.customers + other.customers,
            self.erased + other.erased,
            self.damaged + other.damaged,
            (self.stages[0].plus(other.stages[0]), self.stages[1].plus(other.stages[1])),
            self.differences.plus(other.differences),
            self.board.plus(other.board),
            (self.outcomes[0].plus(other.outcomes[0]), self.outcomes[1].plus(other.outcomes[1]))
            if self.outcomes is not None and other.outcomes is not None
            else None,
            self.in_flight.plus(other.in_flight),
            tuple(one.plus(another) for one, another in zip(self.swept, other.swept, strict=True)),
        )


def worked(plan: Plan, history: History, clock: Clock, number: int) -> tuple[Part, Spent]:
    spent = Spent()
    with spent.on("reading", clock):
        batch = history.read(number, plan.needs)
    with spent.on("masks", clock):
        masks = masks_of(batch.columns, plan.program)

    def folds(run: int) -> Folds:
        with spent.on("fold", clock):
            return fold_all(plan.program, batch.columns, masks, run, plan.question.until)

    with spent.on("report", clock):
        return reduced(plan, batch, folds), spent


def reduced(plan: Plan, batch: Batch, folds: Callable[[int], Folds]) -> Part:
    """``folds`` of a run, up to the end of the period, at most two of which are held at a time."""
    published, around = folds(PUBLISHED), surroundings(plan, batch)
    spells = spells_of(plan, PUBLISHED, published, around)
    candidate = folds(CANDIDATE)
    listed = spells_of(plan, CANDIDATE, candidate, around)
    begun = np.minimum(first_on(published), first_on(candidate))
    stages = stage_days(plan, published, begun), stage_days(plan, candidate, begun)
    differ = differences(plan, batch, published, candidate)
    board = board_days(plan, around, spells, listed)
    came = None
    if plan.question.outcome is not None:
        came = outcomes(plan, around, published, spells), outcomes(plan, around, candidate, listed)
    del candidate, listed
    return Part(
        facts=int(published.taken.sum()),
        customers=int((begun != NEVER).sum()),
        erased=batch.erased,
        damaged=batch.damaged,
        stages=stages,
        differences=differ,
        board=board,
        outcomes=came,
        in_flight=in_flight(plan, published, folds(IN_FLIGHT)),
        swept=tuple(swept(plan, run, around, published, spells, folds(run)) for run in range(SWEPT, len(plan.runs))),
    )
