"""A whole backtest from an archive on disk, cold and warm: seconds, what they went into, and the memory they took."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Final

from backtest.engines import local
from backtest.history import ArchivedHistory
from backtest.run import backtest
from batch_fold.splits import Split
from bench.alone import alone, peak_gib
from bench.backtest_rules import candidate, published, question
from bench.measured import Measured, ratio

CORES: Final = 2
ROUNDS: Final = 2
"""Of each state of the cache."""


@dataclass(frozen=True, slots=True)
class Archived:
    """A made archive and the folder it alone lies in."""

    folder: Path
    facts: int
    splits: Sequence[Split]

    @property
    def size(self) -> str:
        """As keys of measures name it: 500k, 10m."""
        return f"{self.facts / 1e6:g}m" if self.facts >= 1_000_000 else f"{self.facts / 1e3:g}k"

    def gigabytes(self) -> float:
        return sum(file.stat().st_size for file in self.folder.iterdir()) / 1e9

    def forget(self) -> None:
        """Nothing of it is left in the cache of the system."""
        os.sync()
        for file in self.folder.iterdir():
            with file.open("rb") as opened:
                os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds from the question to the report, those of the work (of all threads) by what was done, the most memory."""

    seconds: float
    spent: dict[str, float]
    peak_gib: float


def compile_ahead(archive: Archived) -> None:
    """What is measured finds all machine code on disk, as every process after the first does."""
    alone(_took, archive, CORES)


def measure_whole(archive: Archived, say: Callable[[str], None]) -> list[Measured]:
    """Two rulebooks and the effect on customers in flight, reported for a year."""
    cold, warm = [], []
    for turn in range(1, ROUNDS + 1):
        say(f"{archive.size} facts, two rulebooks, {turn} of {ROUNDS}")
        archive.forget()
        cold.append(alone(_took, archive, CORES))
        warm.append(alone(_took, archive, CORES))
    return [
        _seconds(f"e2e_{archive.size}_cold_s", f"{archive.size} facts, cold cache", cold),
        seconds_of(archive, warm),
        *_shares(archive.size, warm),
        Measured(f"peak_{archive.size}_gib", "   most memory", "GiB", [max(took.peak_gib for took in (*cold, *warm))]),
        Measured(f"archive_{archive.size}_gb", "   on disk", "GB", [archive.gigabytes()]),
    ]


def measure_scaling(archive: Archived, say: Callable[[str], None]) -> list[Measured]:
    say(f"{archive.size} facts on one core and on two")
    runs = [(alone(_took, archive, 1), alone(_took, archive, CORES)) for _ in range(ROUNDS)]
    one = _seconds(f"e2e_{archive.size}_1_core_s", f"{archive.size} facts on 1 core", [first for first, _ in runs])
    two = _seconds(f"e2e_{archive.size}_2_cores_s", f"{archive.size} facts on 2 cores", [second for _, second in runs])
    return [one, two, ratio("scaling_1_to_2", "1 core / 2 cores", one, two)]


def seconds_of(archive: Archived, warm: Sequence[Took]) -> Measured:
    return _seconds(f"e2e_{archive.size}_s", f"{archive.size} facts, warm cache", warm)


def _took(archive: Archived, threads: int) -> Took:
    history = ArchivedHistory(tuple(archive.splits), None)
    begun = perf_counter()
    result = backtest(question(candidate()), history, published(), local(threads), lambda _: None, perf_counter)
    seconds = perf_counter() - begun
    assert result.report["facts"] == archive.facts, result.report["facts"]
    return Took(seconds, result.spent.seconds, peak_gib())


def _seconds(key: str, says: str, runs: Sequence[Took]) -> Measured:
    return Measured(key, says, "s", [took.seconds for took in runs])


def _shares(size: str, runs: Sequence[Took]) -> list[Measured]:
    return [
        Measured(
            f"e2e_{size}_{what}_share",
            f"   of it {what}",
            "%",
            [100 * took.spent[what] / sum(took.spent.values()) for took in runs],
        )
        for what in runs[0].spent
    ]
