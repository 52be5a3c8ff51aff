"""The words of the backtest's tests: rules of then, a candidate, customers called c00, c01, ...; days of March 2026."""

from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

from backtest.engines import local
from backtest.history import FileHistory
from backtest.question import Outcome, question_of
from backtest.run import Result, backtest
from backtest.varying import Vary
from domain.facts import Fact
from domain.instants import DAY
from domain.journey.in_force import Version, version
from domain.rulebook.document import build
from tests.domain.given import Day, Document, day, numbered


def people(*customers: Sequence[Fact]) -> list[Fact]:
    return [replace(fact, customer=f"c{who:02d}") for who, facts in enumerate(customers) for fact in numbered(facts)]


def backtested(
    published: Document | Sequence[Version],
    candidate: Document,
    *customers: Sequence[Fact],
    since: Day | None = 1,
    until: Day = 10,
    outcome: tuple[str, float] | None = None,
    vary: Vary | None = None,
) -> Result:
    """``outcome``: a type of fact, and within how many days."""
    versions = [version(build(published))] if isinstance(published, dict) else published
    question = question_of(
        candidate,
        build(candidate),
        None if since is None else day(since),
        day(until),
        None if outcome is None else Outcome(outcome[0], round(outcome[1] * DAY)),
        vary,
    )
    return backtest(question, FileHistory(people(*customers)), versions, local(1), lambda said: None, perf_counter)


def report(*args: Any, **kwargs: Any) -> dict[str, Any]:
    return backtested(*args, **kwargs).report
