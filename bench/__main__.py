"""`make bench`: every measure in one run, shown as a table and written to `.bench/bench.json`."""

from pathlib import Path
from time import perf_counter

from rich.console import Console

from bench.asof import measure_as_of
from bench.contention import measure_contention
from bench.freshness import measure_freshness
from bench.ingest import measure_ingest
from bench.measured import Measured, table, write
from bench.question import measure_question
from bench.replay import measure_replay
from bench.single import measure_single
from bench.workbench import workbench

FILE = Path(".bench") / "bench.json"
MEASURES = (
    measure_ingest,
    measure_single,
    measure_replay,
    measure_question,
    measure_as_of,
    measure_freshness,
    measure_contention,
)


def main() -> None:
    begun = perf_counter()
    progress = Console(stderr=True)
    taken: list[Measured] = []
    with progress.status("reading the sample, starting Postgres") as status, workbench() as bench:
        say = status.update if progress.is_terminal else progress.print
        for measure in MEASURES:
            taken += measure(bench, say)
    Console().print(table(taken))
    write(taken, FILE)
    progress.print(f"{perf_counter() - begun:.0f} s; the numbers are in {FILE}.")


if __name__ == "__main__":
    main()
