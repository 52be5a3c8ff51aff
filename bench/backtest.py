"""`make bench-backtest`: all of history against other rules, in one run: a table, and `.bench/backtest.json`.

``python -m bench.backtest [FACTS] [--folder F] [--keep]``: archives of FACTS (100 million) made facts, and of a tenth
and a hundredth of it, are written below the folder (by default a temporary one) and removed afterwards.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from time import perf_counter
from typing import Final

from rich.console import Console

from batch_fold.record_files import Folder
from bench.backtest_kernel import measure_kernel
from bench.backtest_loans import loan_answers, loan_table
from bench.backtest_log import filled_log, measure_keywords
from bench.backtest_rebuild import measure_rebuild
from bench.backtest_whole import Archived, compile_ahead, measure_scaling, measure_whole
from bench.made_facts import SEED, write_archive
from bench.measured import Measured, table, write
from bench.workbench import workbench

FILE: Final = Path(".bench") / "backtest.json"
FACTS: Final = 100_000_000

Say = Callable[[str], None]


def main() -> None:
    arguments = _arguments()
    begun = perf_counter()
    progress = Console(stderr=True)
    with progress.status("beginning") as status, _folder(arguments.folder, keep=arguments.keep) as folder:
        say = status.update if progress.is_terminal else progress.print
        taken: list[Measured] = []
        for measures in _measures(folder, arguments.facts, say):
            # What was measured stays, however the run ends.
            taken += measures
            write(taken, FILE)
        answers = loan_answers(say)
    shown = Console()
    shown.print(table(taken))
    shown.print(loan_table(answers))
    write([*taken, *(measure for answer in answers for measure in answer.measures())], FILE)
    progress.print(f"{perf_counter() - begun:.0f} s; the numbers are in {FILE}.")


def _measures(folder: Path, facts: int, say: Say) -> Iterator[list[Measured]]:
    small, middle, large = (_archive(folder, max(1, facts // part), say) for part in (100, 10, 1))
    say("compiling")
    compile_ahead(small)
    with workbench() as bench:
        yield measure_kernel(bench, folder / "kernel", facts, say)
        peaks = []
        for archive in (small, middle, large):
            whole = measure_whole(archive, say)
            yield whole
            peaks += [one.median for one in whole if one.key.startswith("peak_")]
        yield [Measured("peak_gib", "most memory of all", "GiB", [max(peaks)])]
        yield measure_scaling(middle, say)
        log = filled_log(bench, facts, say)
        yield measure_keywords(bench, log, say)
        yield measure_rebuild(bench, facts, say)


def _archive(folder: Path, facts: int, say: Say) -> Archived:
    say(f"writing {facts:,} facts")
    own = folder / f"facts-{facts}"
    return Archived(own, facts, write_archive(Folder.of(str(own)), facts, seed=SEED))


@contextmanager
def _folder(given: Path | None, *, keep: bool) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="trailbook-bench-", dir=given))
    try:
        yield folder
    finally:
        if not keep:
            rmtree(folder)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("facts", nargs="?", type=int, default=FACTS)
    parser.add_argument(
        "--folder", type=Path, help="where the archives are written; default: the system's for temporary files"
    )
    parser.add_argument("--keep", action="store_true", help="leave them there")
    return parser.parse_args()


if __name__ == "__main__":
    main()
