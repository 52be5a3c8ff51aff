"""The stage counts of two real logs, at every instant for which an independent program computed them; by both engines
everybody is folded alike."""

import json
import os
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from domain.facts import Fact
from domain.history import in_fold_order
from domain.instants import LATEST, instant
from domain.journey.fold import Folded, JourneyFold
from domain.journey.in_force import Version, version
from domain.rulebook.reader import rulebook
from tests.batch_fold.both_engines import Compiled
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
def versions(log: str) -> list[Version]:
    return [version(rulebook((RULEBOOKS / f"{log}.yaml").read_text(encoding="utf-8")))]


@cache
def ordered(log: str) -> list[list[Fact]]:
    return [in_fold_order(known, LATEST) for known in histories(log).values()]


@cache
def folded(log: str) -> dict[str, list[Folded]]:
    """Everybody at each instant: one pass a customer, asked on the way."""
    found: dict[str, list[Folded]] = {as_of: [] for as_of in INSTANTS[log]}
    for facts in ordered(log):
        run, taken = JourneyFold(versions(log)), 0
        for as_of in INSTANTS[log]:
            while taken < len(facts) and facts[taken].occurred_at <= instant(as_of):
                run.take(facts[taken])
                taken += 1
            found[as_of].append(run.up_to(instant(as_of)))
    return found


def counts(log: str, as_of: str) -> Counter[str]:
    """Where everybody stands of whom anything is known by then."""
    everybody = zip(ordered(log), folded(log)[as_of], strict=True)
    return Counter(one.standing.stage or "off" for facts, one in everybody if facts[0].occurred_at <= instant(as_of))


@pytest.mark.parametrize("log", INSTANTS)
def test_stage_counts_are_those_of_the_reference(log: str) -> None:
    assert {as_of: dict(counts(log, as_of)) for as_of in INSTANTS[log]} == reference(log)["as_of"]


@pytest.mark.parametrize("log", INSTANTS)
def test_the_compiled_fold_says_the_same_of_everybody(log: str) -> None:
    compiled = Compiled(ordered(log), [versions(log)])
    for as_of in INSTANTS[log]:
        assert compiled.folded(0, instant(as_of)) == folded(log)[as_of]


@pytest.mark.parametrize("log", INSTANTS)
def test_no_instant_of_the_reference_is_left_out(log: str) -> None:
    assert sorted(reference(log)["as_of"]) == INSTANTS[log]


@pytest.mark.parametrize("log", INSTANTS)
def test_every_line_is_a_fact_of_its_own(log: str) -> None:
    assert len(histories(log)) == reference(log)["customers"]
    assert sum(map(len, histories(log).values())) == reference(log)["events"]
