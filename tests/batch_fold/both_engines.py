"""One question put to both engines."""

from collections.abc import Sequence

import numpy as np

from batch_fold.answers import folded
from batch_fold.columns import Columns
from batch_fold.folding import fold_all
from batch_fold.gathered import columns_of
from batch_fold.masks import Masks, masks_of
from batch_fold.program import Program, program_of
from domain.facts import Fact
from domain.instants import Instant
from domain.journey.fold import Folded, fold
from domain.journey.in_force import Version

Histories = Sequence[Sequence[Fact]]
"""The facts of each customer, in fold order without those that are voided."""


class Compiled:
    """The compiled fold over a batch of customers, under any of several series of versions."""

    def __init__(self, histories: Histories, runs: Sequence[Sequence[Version]]) -> None:
        self.runs = runs
        self.program: Program = program_of(runs)
        self.columns: Columns = columns_of(histories, self.program.needs)
        self.masks: Masks = masks_of(self.columns, self.program)
        self.facts = [fact for history in histories for fact in history]

    def folded(self, run: int | Sequence[int], as_of: Instant | Sequence[Instant], threads: int = 1) -> list[Folded]:
        """Everybody; ``run`` and ``as_of`` are one for all, or one each."""
        count = self.columns.customers
        runs, instants = np.broadcast_to(run, count), np.broadcast_to(as_of, count)
        folds = fold_all(
            self.program, self.columns, self.masks, runs.astype(np.int32), instants.astype(np.int64), threads
        )
        return [
            folded(folds, place, self.facts, comes(self.runs[runs[place]], int(instants[place])))
            for place in range(count)
        ]


def comes(versions: Sequence[Version], as_of: Instant) -> Instant | None:
    """When the next version comes into force."""
    return min((one.effective_from for one in versions if one.effective_from > as_of), default=None)


def one_by_one(histories: Histories, versions: Sequence[Version], as_of: Instant) -> list[Folded]:
    """What the reference says of everybody."""
    return [fold((fact for fact in facts if fact.occurred_at <= as_of), versions, as_of) for facts in histories]
