"""``python -m tests.simulation [SEEDS [FROM]]`` lives so many; ``--planted`` says how many find each planted fault."""

import sys

from rich.console import Console
from rich.progress import track

from tests.simulation.planted import PLANTED, found_after
from tests.simulation.world import SeedFailed, live

MOST = 1000
"""Seeds that a planted fault is looked for in."""


def main(arguments: list[str]) -> int:
    """Returns the exit code: 1 where a seed failed, or a planted fault was not found."""
    if arguments == ["--planted"]:
        return _plant()
    numbers = [int(text) for text in arguments]
    return _simulate(numbers[0] if numbers else 1000, numbers[1] if len(numbers) > 1 else 0)


def _simulate(seeds: int, first: int) -> int:
    console = Console(stderr=True)
    for seed in track(range(first, first + seeds), "simulating", console=console):
        try:
            live(seed)
        except SeedFailed as failure:
            print(failure)
            return 1
    print(f"{seeds} seeds from {first} on: nothing was broken.")
    return 0


def _plant() -> int:
    missed = 0
    for fault in PLANTED:
        seeds = found_after(fault, MOST)
        missed += seeds is None
        print(f"{fault}: {f'not found in {MOST} seeds' if seeds is None else f'found by seed {seeds - 1}'}", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
