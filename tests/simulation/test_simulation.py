"""A thousand seeds: whatever is drawn, nothing acknowledged is lost, and rows are folds of the log.

`make simulate SEEDS=100000 FROM=0` runs any others, and again the one that failed.
"""

import os
import subprocess
import sys

import pytest

from tests.simulation.world import live

TOGETHER = 50
SEEDS = 1000


@pytest.mark.parametrize("first", range(0, SEEDS, TOGETHER))
def test_nothing_breaks_whatever_goes_wrong(first: int) -> None:
    for seed in range(first, first + TOGETHER):
        live(seed)


def test_a_seed_is_lived_again_exactly() -> None:
    """Also in another process, where sets are in another order."""
    told = [
        subprocess.run(
            [sys.executable, "-c", "from tests.simulation.world import live; print(live(7).told())"],
            env={**os.environ, "PYTHONHASHSEED": number},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for number in ("1", "2")
    ]

    assert told == [live(7).told() + "\n"] * 2
