"""A backtest from the command line: worked in this process, on a file of facts or on all that the database knows."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from api.asking_backtests import Asked, understood, wanted
from api.differing import TOGETHER, Differing, judges_of, of_a_file, of_the_log, rows_of
from api.fact_files import exported_facts
from api.running_backtest import Said, backtested, folding
from api.wiring import Service
from backtest.engines import Engine
from backtest.history import FileHistory
from backtest.question import Question
from backtest.run import Result
from backtest.run import backtest as run
from domain.instants import LATEST, SECOND, Instant
from domain.journey.in_force import Version
from domain.refusals import FactsConflict, FactsUnfit, RulebookUnfit

OPERATOR: Final = "command line"
PARTS_OF_A_FILE: Final = 8
"""So that several threads have something to do."""


@dataclass(frozen=True, slots=True)
class Came:
    """What came of it. ``differing`` tells of those who differ in words, each time from the first on."""

    question: Question
    result: Result
    differing: Callable[[], Iterator[Differing]]
    seconds: float

    @property
    def report(self) -> dict[str, Any]:
        return self.result.report

    @property
    def report_line(self) -> str:
        return json.dumps(self.report, ensure_ascii=False)

    @property
    def took(self) -> str:
        """How long, and the shares of what was done in it."""
        spent = self.result.spent.seconds
        whole = sum(spent.values()) or 1.0
        shares = ", ".join(f"{what} {seconds / whole:.0%}" for what, seconds in spent.items())
        return f"Took {self.seconds:.1f} s; of the work {shares}."

    def customer_lines(self) -> Iterator[str]:
        return (json.dumps(one.as_json(), ensure_ascii=False) for one in self.differing())


@dataclass(frozen=True, slots=True)
class Trial:
    """What is asked, from which file the candidate was read, and where it is to be worked."""

    asked: Asked
    file: Path
    engine: Engine

    def on_a_file(self, facts: Path, versions: Sequence[Version], said: Said) -> Came:
        """Raises ``FactsUnfit``, ``FactsConflict``, ``RulebookUnfit``, ``NotUnderstood``."""
        question = self._question(LATEST)
        with named_in(facts):
            history = FileHistory(exported_facts(facts), PARTS_OF_A_FILE)
        begun = time.monotonic()
        result = run(question, history, versions, self.engine, folding(said), time.perf_counter)
        judges = judges_of(question, versions)

        def differing() -> Iterator[Differing]:
            return of_a_file(history.facts, rows_of(result.differing), judges)

        return Came(question, result, differing, time.monotonic() - begun)

    def on_the_log(self, service: Service, said: Said) -> Came:
        """Raises as ``understood``, ``UnknownJourney``, ``StoreAway``, ``ArchiveBusy``."""
        question = self._question(service.log.reading.now())
        service.versions(question.journey)
        begun = time.monotonic()
        result = backtested(service, question, self.engine, said)
        judges = judges_of(question, service.versions(question.journey, result.report["known"]["position"]))

        def differing() -> Iterator[Differing]:
            for first in range(0, result.differing.num_rows, TOGETHER):
                rows = [*rows_of(result.differing.slice(first, TOGETHER))]
                yield from of_the_log(service, rows, judges)

        return Came(question, result, differing, time.monotonic() - begun)

    def keep(self, service: Service, came: Came) -> UUID:
        """In the list of backtests, as if it had been asked for. Returns its id."""
        kept = wanted(self.asked, came.question, OPERATOR)
        began = service.log.reading.now() - round(came.seconds * SECOND)
        service.backtests.keep(kept, began, came.report, came.result.differing)
        return kept.id

    def _question(self, now: Instant) -> Question:
        with named_in(self.file):
            return understood(self.asked, now)


@contextmanager
def named_in(path: Path) -> Iterator[None]:
    """What is wrong in a file is told with the file's name."""
    try:
        yield
    except (FactsUnfit, FactsConflict, RulebookUnfit) as refusal:
        raise type(refusal)(f"In {path}. {refusal.detail}".strip(), refusal.faults) from None
