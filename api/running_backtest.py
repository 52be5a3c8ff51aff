"""Running one backtest on the history that the database has, here and now: its process does that, and the command."""

import os
import time
from collections.abc import Callable
from typing import Final
from uuid import UUID

import structlog

from api.asking_backtests import kept_question
from api.kept_backtests import KeptBacktests, NoLongerOurs
from api.logs import fault
from api.wiring import Service
from backtest.engines import Engine, local
from backtest.history import ArchivedHistory, Known
from backtest.question import Question
from backtest.run import Progress, Result, backtest
from domain.refusals import Refusal, Unavailable

BETWEEN_WORDS: Final = 0.5
"""Seconds between two words on how far it is."""
ARCHIVE, FOLDING = "archive", "folding"

Said = Callable[[str, int, int], None]
"""Told what is being done, and how much of how much."""


def run_kept(service: Service, id: UUID, runner: UUID) -> None:
    """Run one that was asked for as its runner, and keep what comes of it, or why nothing does.

    Raises ``Unavailable`` when the database is, and ``NoLongerOurs``: who started us finds it unfinished.
    """
    kept = service.backtests
    try:
        question = kept_question(kept.one(id))
        result = backtested(service, question, local(os.cpu_count() or 1), Words(kept, id, runner))
        kept.finish(id, runner, result.report, result.differing)
    except (Unavailable, NoLongerOurs):
        raise
    except Refusal as refusal:
        kept.fail(id, runner, str(refusal))
    except Exception as error:
        # The kind of error only: its text could hold what a person wrote.
        structlog.get_logger().error("backtest failed", **fault(error))
        kept.fail(id, runner, f"Something went wrong on our side ({type(error).__name__}).")


def backtested(service: Service, question: Question, engine: Engine, said: Said) -> Result:
    """On all that is known now: the archive is brought up to the end of the log first.

    Raises ``StoreAway``, ``ArchiveBusy``, and whatever ``said`` does.
    """
    archive = service.archive
    archive.keep_up(lambda done, of: said(ARCHIVE, done, of))
    snapshot = archive.snapshot()
    known = Known(snapshot.position, snapshot.recorded_at)
    history = ArchivedHistory(snapshot.splits, known, archive.keys_of(snapshot))
    versions = service.versions(question.journey, snapshot.position)
    return backtest(question, history, versions, engine, folding(said), time.perf_counter)


def folding(said: Said) -> Callable[[Progress], None]:
    """As the backtest itself tells it."""
    return lambda progress: said(FOLDING, progress.done, progress.parts)


class Words:
    """Says how far it is, now and then. Raises ``NoLongerOurs`` when nobody waits for it any more."""

    def __init__(self, kept: KeptBacktests, id: UUID, runner: UUID) -> None:
        self._kept, self._id, self._runner = kept, id, runner
        self._next = 0.0

    def __call__(self, what: str, done: int, of: int) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + BETWEEN_WORDS
            self._kept.say(self._id, self._runner, {"done": done, "of": of, "said": what})
