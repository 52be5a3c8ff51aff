"""The stage counts of two real logs, at every instant for which an independent program computed them."""

import json
import os
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from domain.history import in_fold_order
from domain.instants import LATEST, instant
from domain.journey.fold import JourneyFold
from domain.journey.in_force import version
from domain.rulebook.reader import rulebook
from tests.data.read_files import Histories, histories_of, lines_of

DATA = Path(os.environ.get("TRAILBOOK_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
RULEBOOKS = Path(__file__).parent / "rulebooks"
INSTANTS = {
    "complete_journey": [
        "2017-02-01T00:00:00Z",
        "2017-06-01T00:00:00Z",
        "2017-10-01T00:00:00Z",
        "2018-01-01T04:01:20Z",
    ],
    "loan_applications": [
        "2011-11-01T00:00:00Z",
        "2011-12-15T00:00:00Z",
        "2012-02-01T00:00:00Z",
        "2012-03-14T15:04:54.681Z",
    ],
}

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"the real logs are not here: {DATA} (TRAILBOOK_DATA)")


@cache
def reference(log: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DATA / f"{log}.reference.json").read_text(encoding="utf-8"))
    return found


@cache
def histories(log: str) -> Histories:
    return histories_of(lines_of(DATA / f"{log}.ndjson.gz"))


@cache
def counts(log: str) -> dict[str, Counter[str]]:
    """Where everyone stands at each instant: one pass a customer, asked on the way."""
    versions = [version(rulebook((RULEBOOKS / f"{log}.yaml").read_text(encoding="utf-8")))]
    found: dict[str, Counter[str]] = {as_of: Counter() for as_of in INSTANTS[log]}
    for known in histories(log).values():
        facts = in_fold_order(known, LATEST)
        run, taken = JourneyFold(versions), 0
        for as_of in INSTANTS[log]:
            while taken < len(facts) and facts[taken].occurred_at <= instant(as_of):
                run.take(facts[taken])
                taken += 1
            if taken:
                found[as_of][run.up_to(instant(as_of)).standing.stage or "off"] += 1
    return found


@pytest.mark.parametrize(("log", "as_of"), [(log, as_of) for log, instants in INSTANTS.items() for as_of in instants])
def test_stage_counts_are_those_of_the_reference(log: str, as_of: str) -> None:
    assert dict(counts(log)[as_of]) == reference(log)["as_of"][as_of]


@pytest.mark.parametrize("log", INSTANTS)
def test_no_instant_of_the_reference_is_left_out(log: str) -> None:
    assert sorted(reference(log)["as_of"]) == INSTANTS[log]


@pytest.mark.parametrize("log", INSTANTS)
def test_every_line_is_a_fact_of_its_own(log: str) -> None:
    assert len(histories(log)) == reference(log)["customers"]
    assert sum(map(len, histories(log).values())) == reference(log)["events"]
