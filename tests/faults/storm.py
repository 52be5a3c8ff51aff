"""One fault after the other on a whole Trailbook, and what it took to recover from each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from random import Random

from event_log.published import versions_by_journey
from tests.faults.installation import Installation, under_load
from tests.faults.ledger import Reckoning, reckoned
from tests.faults.monkey import KINDS, Monkey
from tests.projections.fresh import assert_rows_are_a_fresh_fold, customers, fresh_row, rows_and_tracking


@dataclass(slots=True)
class Report:
    """``seconds`` to recover, by kind of fault; ``skipped`` are rows that are not what the log says."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    reckoning: Reckoning | None = None
    rows: int = 0
    skipped: int = 0

    @property
    def cycles(self) -> int:
        return sum(map(len, self.seconds.values()))

    def recovery(self) -> Mapping[str, Mapping[str, float]]:
        """Of each kind: cycles, and the median and the 99th percentile of seconds."""
        return {
            kind: {"cycles": len(taken), "p50": rank(taken, 0.5), "p99": rank(taken, 0.99)}
            for kind, taken in sorted(self.seconds.items())
        }


def storm(world: Installation, chance: Random, kinds: Iterable[str], longest: float, report: Report) -> None:
    """Attack a loaded installation with these kinds in turn, stop it in order, and hold it to account.

    Raises ``AssertionError`` where it does not recover, or where what the report then says is not sound.
    """
    monkey = Monkey(world, chance, longest)
    try:
        with under_load(world):
            for kind in kinds:
                KINDS[kind](monkey)
                report.seconds.setdefault(kind, []).append(world.recovers())
        world.catches_up()
        world.stop()
    finally:
        # What was lost is told also where it did not recover.
        report.reckoning = reckoned(world.ledger, world.wired.log)
    report.rows, report.skipped = _rows_and_skipped(world)
    assert not report.reckoning.broken, report.reckoning
    assert not report.skipped
    assert assert_rows_are_a_fresh_fold(world.postgres.conninfo, world.wired.log) == report.rows > 0


def rank(values: Sequence[float], part: float) -> float:
    """The value at or below which that part of all lies."""
    return sorted(values)[ceil(part * len(values)) - 1]


def _rows_and_skipped(world: Installation) -> tuple[int, int]:
    log = world.wired.log
    position, until, rows, _ = rows_and_tracking(world.postgres.conninfo)
    journeys = versions_by_journey(log.reading.publications(position))
    fresh = {
        (journey, number): fresh_row(customer, versions, until)
        for number, customer in customers(log, position).items()
        for journey, versions in journeys.items()
    }
    return len(rows), sum(rows.get(key) != row for key, row in fresh.items()) + len(rows.keys() - fresh.keys())
