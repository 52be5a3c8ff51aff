"""`make bench-growth`: the same intake and the same questions on a log that grows from one million facts to ten."""

import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Final

import psycopg
from rich.console import Console

from api.publishing import Draft, first, publish
from api.sample_workspace import GROCERY
from bench.measured import Measured, percentile, table, write
from bench.question import milliseconds, serving
from bench.workbench import History, Workbench, workbench
from event_log.judging import Stored
from event_log.named_sql import named_queries

FILE: Final = Path(".bench") / "growth.json"
SIZES: Final = (1_000_000, 3_000_000, 10_000_000)
AT_ONCE: Final = 250_000
"""Entries of one statement that fills."""
CUSTOMERS: Final = 250
QUESTIONS: Final = 300
REQUEST: Final = 1000
BEGIN: Final = 1_500_000_000_000_000
"""When the first filler was recorded: 2017, before anything that is really stored."""

_QUERIES = named_queries(Path(__file__).with_suffix(".sql"))


def main() -> None:
    sizes = tuple(int(size) for size in sys.argv[1:]) or SIZES
    progress = Console(stderr=True)
    taken: list[Measured] = []
    with workbench() as bench:
        database = bench.fresh_database()
        with bench.service(database):
            pass
        histories = bench.histories(CUSTOMERS * len(sizes))
        for turn, size in enumerate(sizes):
            _fill(database, size, progress.print)
            own = histories[turn :: len(sizes)]
            taken += _measured(bench, database, own, size, first_time=turn == 0)
    Console().print(table(taken))
    write(taken, FILE)


def _fill(database: str, size: int, say: Callable[[str], None]) -> None:
    with psycopg.connect(database, autocommit=True) as owner:
        (head,) = owner.execute(_QUERIES["head"]).fetchone() or (0,)
        while head < size:
            last = min(size, head + AT_ONCE)
            owner.execute(_QUERIES["fill"], {"after": head, "last": last, "begin": BEGIN})
            head = last
            say(f"filled to {head:,}")
        owner.execute(_QUERIES["analyze"])


def _measured(
    bench: Workbench, database: str, histories: list[History], size: int, *, first_time: bool
) -> list[Measured]:
    millions = f"{size / 1_000_000:g}m"
    rate = _stored(bench, database, histories, first_time=first_time)
    with serving(bench.home, database) as client:
        paths = [f"/v1/customers/{history[0].customer}/journeys/{GROCERY}" for history in histories]
        for path in paths[:20]:
            milliseconds(client, path)
        stage = [milliseconds(client, paths[n % len(paths)]) for n in range(QUESTIONS)]
        page = [milliseconds(client, f"/v1/facts?after={n * size // QUESTIONS}&limit=1") for n in range(20)]
    with psycopg.connect(database, autocommit=True) as owner:
        (bytes_,) = owner.execute(_QUERIES["size"]).fetchone() or (0,)
    said = f"at {size / 1_000_000:g} M facts"
    return [
        Measured(f"ingest_at_{millions}", f"durable intake {said}", "facts/s", [rate]),
        Measured(f"stage_p50_at_{millions}_ms", f"stage question {said}, p50", "ms", [percentile(stage, 0.5)]),
        Measured(f"stage_p99_at_{millions}_ms", f"stage question {said}, p99", "ms", [percentile(stage, 0.99)]),
        Measured(f"entry_p50_at_{millions}_ms", f"an entry by its position {said}, p50", "ms", [percentile(page, 0.5)]),
        Measured(f"gb_at_{millions}", f"log with indexes {said}", "GB", [float(bytes_) / 1e9]),
    ]


def _stored(bench: Workbench, database: str, histories: list[History], *, first_time: bool) -> float:
    """Facts a second, in requests of whole customers up to 1,000 facts."""
    facts = [fact for history in histories for fact in history]
    with bench.service(database) as service:
        if first_time:
            draft = Draft(bench.rulebook, "A measurement.", effective_from=None)
            publish(service, GROCERY, draft, by="bench", based_on=first)
        begun = perf_counter()
        for start in range(0, len(facts), REQUEST):
            (outcome,) = service.log.intake.append([facts[start : start + REQUEST]])
            assert isinstance(outcome, Stored), outcome
        return len(facts) / (perf_counter() - begun)


if __name__ == "__main__":
    main()
