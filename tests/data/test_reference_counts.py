"""The stage counts of two real logs, at every instant for which an independent program computed them."""

import gzip
import json
import os
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from domain.envelope import read_fact
from domain.facts import Fact
from domain.history import in_fold_order, once_each
from domain.instants import instant
from domain.journey.fold import fold
from domain.journey.in_force import version
from domain.rulebook.document import build
from domain.strict_json import parse

DATA = Path(os.environ.get("TRAILBOOK_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
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
def histories(log: str) -> list[list[Fact]]:
    by_customer: dict[str, list[Fact]] = defaultdict(list)
    with gzip.open(DATA / f"{log}.ndjson.gz", "rb") as lines:
        facts = [read_fact(parse(line), exported=True) for line in lines]
    for fact in once_each(fact for fact in facts if isinstance(fact, Fact)):
        by_customer[fact.customer].append(fact)
    return list(by_customer.values())


@cache
def reference(log: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DATA / f"{log}.reference.json").read_text(encoding="utf-8"))
    return found


def rulebook(log: str) -> dict[str, Any]:
    """The reference's ladder as a rulebook: its "dormant" remembers the rank, so each stage has a quiet twin."""
    config = reference(log)["config"]
    ranks = {"none": 0} | dict(config["stages"].values())
    open_stages = [stage for stage in ranks if stage not in config["terminal"]]
    climbs = [
        {"id": f"to-{stage}", "from": [*lower, *map(quiet, lower)], "to": stage, "when": {"fact": fact_type}}
        for fact_type, (stage, rank) in config["stages"].items()
        if (lower := [origin for origin in open_stages if ranks[origin] < rank])
    ]
    wakes = [{"id": f"wake-{s}", "from": quiet(s), "to": s, "when": {"fact": "*"}} for s in open_stages]
    days = config["dormant_after_days"]
    sleeps = [
        {"id": f"sleep-{s}", "from": s, "to": quiet(s), "after": f"{days}d", "since": {"last": "*"}}
        for s in open_stages
    ]
    return {
        "journey": log,
        "stages": [
            *({"id": stage, "initial": stage == "none"} for stage in ranks),
            *({"id": quiet(stage)} for stage in open_stages),
        ],
        "moves": [*climbs, *wakes, *sleeps],
    }


def quiet(stage: str) -> str:
    return f"quiet {stage}"


@pytest.mark.parametrize(("log", "as_of"), [(log, as_of) for log, instants in INSTANTS.items() for as_of in instants])
def test_stage_counts_are_those_of_the_reference(log: str, as_of: str) -> None:
    versions = [version(build(rulebook(log)))]
    counts: Counter[str] = Counter()
    for history in histories(log):
        facts = in_fold_order(history, instant(as_of))
        if facts:
            stage = fold(facts, versions, instant(as_of)).standing.stage or "off"
            counts["dormant" if stage.startswith("quiet ") else stage] += 1

    assert dict(counts) == reference(log)["as_of"][as_of]


@pytest.mark.parametrize("log", INSTANTS)
def test_no_instant_of_the_reference_is_left_out(log: str) -> None:
    assert sorted(reference(log)["as_of"]) == INSTANTS[log]
