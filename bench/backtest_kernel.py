"""Facts a second of one core, read, masked and folded, next to the library's replay of customers from the same."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Final

from batch_fold.folding import fold_all
from batch_fold.masks import masks_of
from batch_fold.program import program_of
from batch_fold.record_files import Folder
from batch_fold.splits import Split, read_split
from bench.alone import alone
from bench.backtest_rules import published, without_cards
from bench.made_facts import END, facts_of, write_archive
from bench.measured import Measured, ratio
from bench.replay import fold_rate, library_rate, recorded, stock_library
from bench.workbench import Workbench
from domain.journey.in_force import Version, version

MOST_FACTS: Final = 4_000_000
ROUNDS: Final = 5
CUSTOMERS: Final = 200
"""So many of the customers are replayed by the library too, and folded by the reference."""


@dataclass(slots=True)
class Rates:
    """Facts a second, a value for each round."""

    reading: list[float] = field(default_factory=list)
    masks: list[float] = field(default_factory=list)
    kernel: list[float] = field(default_factory=list)
    with_cards: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    reference: list[float] = field(default_factory=list)
    library: list[float] = field(default_factory=list)


def measure_kernel(bench: Workbench, folder: Path, facts: int, say: Callable[[str], None]) -> list[Measured]:
    say("one core: the kernel, next to the library's replay and the reference fold")
    rates = alone(_rates, folder, min(facts, MOST_FACTS), bench.fresh_database())
    kernel = Measured("kernel_facts_per_s_core", "kernel: 24 tag rules, 12 moves, 3 timers", "facts/s", rates.kernel)
    whole = Measured("whole_facts_per_s_core", "read from the archive, masks, kernel", "facts/s", rates.whole)
    library = Measured("library_events_per_s", "Repository.get, stock aggregate, Postgres", "events/s", rates.library)
    reference = Measured("reference_facts_per_s", "reference fold, facts in memory", "facts/s", rates.reference)
    return [
        Measured("reading_facts_per_s_core", "read from the archive, warm", "facts/s", rates.reading),
        Measured("masks_facts_per_s_core", "masks", "facts/s", rates.masks),
        kernel,
        Measured("kernel_with_cards_per_s_core", "kernel, with 2 kinds of cards", "facts/s", rates.with_cards),
        whole,
        reference,
        library,
        ratio("vs_library", "whole way on one core / library", whole, library),
        ratio("kernel_vs_library", "kernel / library", kernel, library),
        ratio("kernel_vs_reference", "kernel / reference fold", kernel, reference),
    ]


def _rates(folder: Path, facts: int, conninfo: str) -> Rates:
    """Every round takes all of them one after the other, so a busy machine hits them alike."""
    plain, cards = [version(without_cards())], published()
    (split,) = write_archive(Folder.of(str(folder)), facts, splits=1, at_once=1)
    batch = read_split(split, program_of([cards]).needs)
    some = range(0, batch.columns.customers, max(1, batch.columns.customers // CUSTOMERS))[:CUSTOMERS]
    histories = facts_of(batch, some)
    library = stock_library(conninfo)
    households = [recorded(library, history) for history in histories]
    rates = Rates()
    _ = _way(split, plain), _way(split, cards)
    for _ in range(ROUNDS):
        reading, masks, kernel = _way(split, plain)
        rates.reading.append(facts / reading)
        rates.masks.append(facts / masks)
        rates.kernel.append(facts / kernel)
        rates.whole.append(facts / (reading + masks + kernel))
        rates.with_cards.append(facts / _way(split, cards)[-1])
        rates.reference.append(fold_rate(histories, plain, END))
        rates.library.append(library_rate(library, households))
    library.close()
    return rates


def _way(split: Split, versions: list[Version]) -> tuple[float, float, float]:
    """Seconds of reading, of making masks and of the kernel."""
    program = program_of([versions])
    begun = perf_counter()
    batch = read_split(split, program.needs)
    read = perf_counter()
    masks = masks_of(batch.columns, program)
    masked = perf_counter()
    fold_all(program, batch.columns, masks, 0, END)
    return read - begun, masked - read, perf_counter() - masked
