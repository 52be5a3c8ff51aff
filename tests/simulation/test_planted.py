"""The simulation finds what is planted; `python -m tests.simulation --planted` says how soon.

TRAILBOOK_LONG=1 looks also for what takes many seeds.
"""

import os
import re

import pytest

from tests.simulation.planted import PLANTED, RARE, found_after, planted
from tests.simulation.world import SeedFailed, live

LONG = os.environ.get("TRAILBOOK_LONG") == "1"
ENOUGH = 1000 if LONG else 60


@pytest.mark.parametrize("fault", PLANTED if LONG else sorted(PLANTED.keys() - RARE))
def test_a_planted_fault_is_found(fault: str) -> None:
    assert found_after(fault, ENOUGH) is not None


def test_who_finds_something_says_what_happened_last_and_how_to_see_it_again() -> None:
    fault = "what is due is not worked"
    seeds = found_after(fault, ENOUGH)
    assert seeds is not None
    with planted(fault), pytest.raises(SeedFailed) as failure:
        live(seeds - 1)

    said = str(failure.value)
    assert re.match(r"Seed \d+: Broken: ", said)
    assert "sends [" in said
    assert re.search(r"make simulate SEEDS=1 FROM=\d+$", said)
