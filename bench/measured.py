"""A measure that was taken several times: its median, and how far the runs lay apart."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from rich.table import Table


@dataclass(frozen=True, slots=True)
class Measured:
    """``key`` is the name in the file, ``says`` what a person reads, ``runs`` one value for each time it was taken."""

    key: str
    says: str
    unit: str
    runs: Sequence[float]

    @property
    def median(self) -> float:
        return median(self.runs)

    def row(self) -> tuple[str, str, str, str]:
        spread = f"{_short(min(self.runs))} - {_short(max(self.runs))}" if len(self.runs) > 1 else ""
        return self.says, _short(self.median), spread, self.unit


def ratio(key: str, says: str, ours: Measured, theirs: Measured) -> Measured:
    """Ours over theirs, run by run: both of a run were taken one after the other, so a busy machine hits them alike."""
    return Measured(key, says, "x", [one / other for one, other in zip(ours.runs, theirs.runs, strict=True)])


def percentile(values: Iterable[float], share: float) -> float:
    """The value that ``share`` (0 to 1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def table(measures: Iterable[Measured]) -> Table:
    shown = Table("measure", "median", "lowest - highest", "unit", title="Trailbook side by side, one run, one machine")
    for column in shown.columns[1:3]:
        column.justify = "right"
    for measured in measures:
        shown.add_row(*measured.row(), style="bold" if measured.unit == "x" else "", end_section=measured.unit == "x")
    return shown


def write(measures: Iterable[Measured], file: Path) -> None:
    """The medians as one JSON object, one number a key."""
    file.parent.mkdir(exist_ok=True)
    numbers = {measured.key: round(measured.median, 4) for measured in measures}
    file.write_text(json.dumps(numbers, indent=2) + "\n", encoding="utf-8")


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"
