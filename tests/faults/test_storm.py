"""Everything that can befall it, once each, while facts keep coming in: it goes on by itself, and nothing is lost.

The long form is `make faults`. TRAILBOOK_SEED tries another order.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.faults.installation import Installation, installed
from tests.faults.monkey import KINDS
from tests.faults.storm import Report, storm

SEED = int(os.environ.get("TRAILBOOK_SEED", "4"))
LONGEST_PAUSE = 0.8
WITH_TESTS_OF_THEIR_OWN = {
    *("crash_service", "crash_follower", "kill_follower", "freeze_follower", "rebuild", "crash_rebuild"),
}

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def world(open_folder: Path, tmp_path: Path) -> Iterator[Installation]:
    with installed(open_folder / "storm", tmp_path) as world:
        yield world


def test_through_everything_that_befalls_it_nothing_is_lost_doubled_or_skipped(world: Installation) -> None:
    kinds = sorted(KINDS.keys() - WITH_TESTS_OF_THEIR_OWN)
    chance = Random(SEED)
    chance.shuffle(kinds)
    report = Report()

    storm(world, chance, kinds, LONGEST_PAUSE, report)

    print(f"seed {SEED}: {report.reckoning}, seconds to recover: {report.recovery()}")
