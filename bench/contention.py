"""The race of the tests, longer: four writers, and a reader at the tail that must miss nothing."""

from collections.abc import Callable
from typing import Final

from bench.measured import Measured
from bench.workbench import Workbench
from migrations.apply import migrate
from tests.event_log.race import race

SECONDS: Final = 10.0


def measure_contention(bench: Workbench, say: Callable[[str], None]) -> list[Measured]:
    say(f"four writers and a reader at the tail, {SECONDS:.0f} s")
    database = bench.fresh_database()
    migrate(database)
    result = race(database, SECONDS)
    written = set(result.written)
    missed = len(written.difference(result.seen))
    holes = set(range(1, max(written) + 1)) - written
    return [
        Measured("race_facts", "facts written by four writers at once, 1 to 3 each time", "facts", [len(written)]),
        Measured("missed", "of these missed by the reader at the tail", "facts", [missed]),
        Measured("holes", "positions without a fact", "", [len(holes)]),
    ]
