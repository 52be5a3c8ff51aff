"""The real loan log under other rules: what an operator asks, what the report says in a line, and how long it took."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from rich.table import Table

from api.fact_files import exported_facts
from backtest.engines import local
from backtest.history import FileHistory
from backtest.question import Outcome, question_of
from backtest.run import backtest
from backtest.varying import Vary
from bench.measured import Measured
from domain.instants import DAY, instant
from domain.journey.in_force import version
from domain.rulebook.reader import read, rulebook, rulebook_of

CORES: Final = 2
PARTS: Final = 8
ROOT: Final = Path(__file__).parent.parent
FOLDER: Final = Path(os.environ.get("TRAILBOOK_DATA") or ROOT.parent / "shared" / "data")
FACTS: Final = FOLDER / "loan_applications.ndjson.gz"
PUBLISHED: Final = ROOT / "tests" / "data" / "rulebooks" / "loan_applications.yaml"
CANDIDATES: Final = Path(__file__).parent / "loan_candidates"
END: Final = instant("2012-03-15T00:00:00Z")

ASKED: Final[Mapping[str, tuple[Outcome | None, Vary]]] = {
    "sleep_later": (None, Vary("moves.sleep.after", ("7d", "14d", "21d", "30d"))),
    "call_when_unanswered": (
        Outcome("message.received", 7 * DAY),
        Vary("tags.fresh.expires", ("1d", "3d", "5d", "7d")),
    ),
    "accept_earlier": (None, Vary("moves.large.if.gte", (10_000, 15_000, 20_000))),
}
"""The candidates, what is hoped for under them, and what is varied."""


@dataclass(frozen=True, slots=True)
class Answer:
    """``asks`` is the first line of the candidate; ``seconds`` from the question to the report, the sweep included."""

    candidate: str
    asks: str
    says: str
    differ: int
    elsewhere: int
    seconds: float

    def measures(self) -> list[Measured]:
        return [
            Measured(f"loan_{self.candidate}_s", f"loan log, {self.candidate}, with a sweep", "s", [self.seconds]),
            Measured(f"loan_{self.candidate}_differ", "   customers who differ", "", [self.differ]),
            Measured(f"loan_{self.candidate}_elsewhere", "   who stand elsewhere at the end", "", [self.elsewhere]),
        ]


def loan_answers(say: Callable[[str], None]) -> list[Answer]:
    """None, and a reason, where the log does not lie."""
    if not FACTS.exists():
        say(f"no loan log: there is no {FACTS}; TRAILBOOK_DATA names its folder")
        return []
    history = FileHistory(exported_facts(FACTS), PARTS)
    answers = []
    for candidate in ASKED:
        say(f"the loan log under {candidate}")
        answers.append(_answer(candidate, history))
    return answers


def loan_table(answers: Iterable[Answer]) -> Table:
    shown = Table(title="The real loan log: 132,303 facts of 6,523 customers", show_lines=True)
    for heading in ("what if", "what the report says", "seconds"):
        shown.add_column(heading, justify="right" if heading == "seconds" else "left")
    for answer in answers:
        shown.add_row(answer.asks, answer.says, f"{answer.seconds:.2f}")
    return shown


def _answer(candidate: str, history: FileHistory) -> Answer:
    text = (CANDIDATES / f"{candidate}.yaml").read_text(encoding="utf-8")
    document = read(text).document
    question = question_of(document, rulebook_of(document), None, END, *ASKED[candidate])
    published = [version(rulebook(PUBLISHED.read_text(encoding="utf-8")))]
    begun = perf_counter()
    report = backtest(question, history, published, local(CORES), lambda _: None, perf_counter).report
    seconds = perf_counter() - begun
    differ = report["differ"]
    asks = text.partition("\n")[0].strip("# ")
    return Answer(candidate, asks, in_a_line(report), differ["customers"], differ["elsewhere"], seconds)


def in_a_line(report: Mapping[str, Any]) -> str:
    """How many differ and by what most do so first, which stages gain and lose, and what the varied value does."""
    differ = report["differ"]
    said = [f"{differ['customers']:,} differ"]
    if first := differ["first"]:
        said[0] += f", first of all by {first[0]['rule'] or 'hand'} ({first[0]['customers']:,})"
    changes = [
        f"{row['stage'] or 'off the journey'} {row['candidate'] - row['published']:+,}"
        for row in report["stages"]
        if row["candidate"] != row["published"]
    ]
    said.append(f"at the end {', '.join(changes)}" if changes else "nobody stands elsewhere at the end")
    if report["sweep"] is not None:
        said.append(f"{report['sweep']['path']}: {_swept(report['sweep']['runs'])}")
    return "; ".join(said)


def _swept(runs: Sequence[Mapping[str, Any]]) -> str:
    if all(run["outcomes"] is not None for run in runs):
        return ", ".join(
            f"{run['value']} {run['cards']:,} card days, precision {run['outcomes']['precision'] or 0:.0%}"
            for run in runs
        )
    return ", ".join(f"{run['value']} {run['differ']:,} differ" for run in runs)
