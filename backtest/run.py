"""A backtest: a question put to a history, part by part, its answers added up to one report."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any

import pyarrow as pa

from backtest.differences import in_order
from backtest.engines import Engine
from backtest.history import History
from backtest.part import Clock, Part, Spent, worked
from backtest.plan import Plan, plan_of
from backtest.question import Question
from backtest.report import report_of
from domain.journey.in_force import Version


class Cancelled(Exception):
    """Raised by who is told how far a backtest is, to stop it."""


@dataclass(frozen=True, slots=True)
class Progress:
    """So many of all parts of the customers are done, and so many facts were folded in them."""

    done: int
    parts: int
    facts: int


@dataclass(frozen=True, slots=True)
class Result:
    """``report`` and ``differing`` depend on question, history and versions alone. ``spent`` is what it took."""

    report: dict[str, Any]
    differing: pa.Table
    spent: Spent


def backtest(
    question: Question,
    history: History,
    versions: Sequence[Version],
    engine: Engine,
    said: Callable[[Progress], None],
    clock: Clock,
) -> Result:
    """``said`` is told after each part how far it is; what it raises, ``Cancelled`` above all, ends the backtest.

    Raises ``NotUnderstood`` if the question does not fit the versions, and what the history raises.
    """
    plan = plan_of(question, versions)
    total, spent = _added_up(plan, history, engine, said, clock)
    with spent.on("report", clock):
        report, differing = report_of(plan, total, history.known), in_order(total.differences.rows)
    return Result(report, differing, spent)


def _added_up(
    plan: Plan, history: History, engine: Engine, said: Callable[[Progress], None], clock: Clock
) -> tuple[Part, Spent]:
    parts: list[Part] = []
    spent = Spent()
    said(Progress(0, history.parts, 0))
    with closing(engine(partial(worked, plan, history, clock), history.parts)) as done:
        for number, (part, took) in enumerate(done, 1):
            parts = [part if not parts else parts[0].plus(part)]
            spent = spent.plus(took)
            said(Progress(number, history.parts, parts[0].facts))
    return parts[0], spent
