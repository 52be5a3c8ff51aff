"""The reference fold in the form of the compiled one: what the backtest's figures are built and checked against."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backtest.history import FileHistory
from backtest.plan import Plan
from batch_fold.columns import Batch
from batch_fold.dictionary import Places
from batch_fold.folds import KINDS, NEVER, NONE, TIMERS, Folds, HeldTags, Judged, OpenCards, Steps
from domain.facts import Fact
from domain.journey.fold import Folded, fold
from domain.journey.steps import Step


def reference_folds(plan: Plan, history: FileHistory, batch: Batch) -> Callable[[int], Folds]:
    """By run, for ``backtest.part.reduced``."""
    return lambda run: folds_of(plan, history.facts, batch, run)


def folds_of(plan: Plan, facts: Sequence[Fact], batch: Batch, run: int) -> Folds:
    until, starts = plan.question.until, batch.columns.starts
    folded, rows = [], []
    for customer in range(batch.columns.customers):
        hers = range(starts[customer], starts[customer + 1])
        known = {row: facts[batch.positions[row]] for row in hers}
        taken = {row: fact for row, fact in known.items() if fact.occurred_at <= until}
        folded.append(fold(taken.values(), plan.runs[run], until))
        rows.append({fact.key: row for row, fact in taken.items()})
    names = Places({name: place for place, name in enumerate(plan.program.names)})
    folds = Folds(
        names=(),
        steps=_steps(folded, rows, names),
        taken=_int64(len(hers) for hers in rows),
        stage=_names(names, (one.standing.stage for one in folded)),
        since=_int64(_or(one.standing.since, NEVER) for one in folded),
        rulebook=_int32(_or(one.standing.rulebook, NONE) for one in folded),
        next_at=_int64(NEVER for _ in folded),
        next_timer=np.full(len(folded), NONE, np.int8),
        next_rule=np.full(len(folded), NONE, np.int32),
        tags=_no_tags(len(folded)),
        open=_open(folded, names),
        judged=Judged(
            _starts(one.judged for one in folded),
            _int64(at for one in folded for at, _ in one.judged),
            _int32(number for one in folded for _, number in one.judged),
        ),
    )
    return replace(folds, names=tuple(names))


def _steps(folded: Sequence[Folded], rows: Sequence[Mapping[tuple[str, str], int]], names: Places[str]) -> Steps:
    steps = [(step, hers) for one, hers in zip(folded, rows, strict=True) for step in one.steps]

    def fact(step: Step, hers: Mapping[tuple[str, str], int]) -> int:
        return NONE if step.cause.fact is None else hers[step.cause.fact.key]

    return Steps(
        starts=_starts(one.steps for one in folded),
        at=_int64(step.at for step, _ in steps),
        kind=np.array([KINDS.index(step.kind) for step, _ in steps], np.int8),
        fact=_int32(fact(step, hers) for step, hers in steps),
        timer=np.array([NONE if s.cause.timer is None else TIMERS.index(s.cause.timer) for s, _ in steps], np.int8),
        rule=_names(names, (step.cause.rule for step, _ in steps)),
        version=_int32(_or(step.cause.rulebook, NONE) for step, _ in steps),
        origin=_names(names, (step.origin for step, _ in steps)),
        target=_names(names, (step.target for step, _ in steps)),
        name=_names(names, (_or(step.tag, step.opportunity) for step, _ in steps)),
    )


def _open(folded: Sequence[Folded], names: Places[str]) -> OpenCards:
    cards = [(rule, card) for one in folded for rule, card in sorted(one.standing.open.items())]
    return OpenCards(
        _starts(one.standing.open for one in folded),
        _names(names, (rule for rule, _ in cards)),
        _names(names, (card.kind for _, card in cards)),
        _int64(card.since for _, card in cards),
        _int64(_or(card.until, NEVER) for _, card in cards),
    )


def _no_tags(customers: int) -> HeldTags:
    """The figures of a backtest do not look at the tags of the end."""
    none, nothing = np.empty(0, np.int64), np.empty(0, np.int32)
    return HeldTags(np.zeros(customers + 1, np.int64), nothing, none, np.empty(0, np.bool_), none, nothing, none)


def _names(names: Places[str], texts: Iterable[str | None]) -> NDArray[np.int32]:
    return _int32(NONE if text is None else names[text] for text in texts)


def _starts(lists: Iterable[Sequence[Any] | Mapping[str, Any]]) -> NDArray[np.int64]:
    return np.cumsum([0, *map(len, lists)], dtype=np.int64)


def _int64(values: Iterable[int]) -> NDArray[np.int64]:
    return np.array(list(values), np.int64)


def _int32(values: Iterable[int]) -> NDArray[np.int32]:
    return np.array(list(values), np.int32)


def _or(value: Any, otherwise: Any) -> Any:
    return otherwise if value is None else value
