"""Who stood where at the end of each day, and the moves of the period by what made them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backtest.counted import counted
from backtest.local_days import days_at
from backtest.plan import Plan, stage_places
from batch_fold.compiled import compiled_alone
from batch_fold.folds import KINDS, NEVER, TIMERS, Folds

Changes = NDArray[np.int64]
"""Days x (stages and off the journey): how many more customers stand there at the end of a day than the day before."""

RENAMED: Final = KINDS.index("renamed")
"""The kinds of steps up to this one change the stage."""


class Moved(NamedTuple):
    """``by`` is ``fact`` or a kind of timer; ``rule`` is ``None`` by hand and for a stage renamed or lost."""

    kind: str
    origin: str | None
    target: str | None
    rule: str | None
    by: str


@dataclass(frozen=True, slots=True)
class StageDays:
    changes: Changes
    moves: Counter[Moved]

    def plus(self, other: "StageDays") -> "StageDays":
        return StageDays(self.changes + other.changes, self.moves + other.moves)

    @property
    def counts(self) -> NDArray[np.int64]:
        """Days x stages: who stood where at the end of each."""
        return np.cumsum(self.changes, axis=0)


def stage_days(plan: Plan, folds: Folds, begun: NDArray[np.int64]) -> StageDays:
    """Of one run, folded up to the end of the period; a customer counts from the instant ``begun`` on."""
    changes = np.zeros((len(plan.days), plan.off + 1), np.int64)
    steps = folds.steps
    changes[:, plan.off] = np.bincount(days_at(plan.days, begun[begun != NEVER]), minlength=len(plan.days))
    keys = np.empty(len(steps.at), np.int64)
    used = _walk(
        steps.at,
        days_at(plan.days, steps.at),
        steps.kind,
        steps.timer,
        steps.rule,
        steps.origin,
        steps.target,
        stage_places(plan),
        RENAMED,
        len(TIMERS),
        plan.question.start,
        changes,
        keys,
    )
    return StageDays(changes, _moves(plan, keys[:used]))


def _moves(plan: Plan, keys: NDArray[np.int64]) -> Counter[Moved]:
    stages: Sequence[str | None] = (*plan.stages, None)
    rules: Sequence[str | None] = (*plan.program.names, None)
    by = (*TIMERS, "fact")
    found: Counter[Moved] = Counter()
    for key, times in zip(*counted(keys), strict=True):
        rest, rule = divmod(int(key), len(rules))
        rest, target = divmod(rest, len(stages))
        rest, origin = divmod(rest, len(stages))
        kind, timer = divmod(rest, len(by))
        found[Moved(KINDS[kind], stages[origin], stages[target], rules[rule], by[timer])] += int(times)
    return found


@compiled_alone
def _walk(
    at: NDArray[np.int64],
    day: NDArray[np.int64],
    kind: NDArray[np.int8],
    timer: NDArray[np.int8],
    rule: NDArray[np.int32],
    origin: NDArray[np.int32],
    target: NDArray[np.int32],
    place: NDArray[np.int64],
    renamed: int,
    timers: int,
    since: int,
    changes: NDArray[np.int64],
    keys: NDArray[np.int64],
) -> int:
    """Adds to ``changes``, fills ``keys`` and says how many; absent names are found at the end of their lists."""
    off, rules, used = changes.shape[1] - 1, len(place), 0
    for step in range(len(at)):
        if kind[step] <= renamed:
            old, new = place[origin[step]], place[target[step]]
            changes[day[step], old] -= 1
            changes[day[step], new] += 1
            if at[step] >= since:
                by = timer[step] if timer[step] >= 0 else timers
                named = rule[step] if rule[step] >= 0 else rules - 1
                keys[used] = (((kind[step] * (timers + 1) + by) * (off + 1) + old) * (off + 1) + new) * rules + named
                used += 1
    return used
