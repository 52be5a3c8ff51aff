"""The reference counts again, from the database: after an import, also of the shuffled file, and after a second one.

By default of every fourth customer of one log, whom the reference fold counts; TRAILBOOK_LONG=1 takes all of both logs,
whom an independent program counted.
"""

import os
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import pytest

from api.importing import Imported, read_all, store
from api.publishing import Draft, first, publish
from api.settings import Settings
from api.wiring import Service, service
from domain.facts import Fact
from domain.history import in_fold_order
from domain.instants import LATEST, Instant, instant
from domain.journey.fold import fold
from domain.journey.in_force import Version, version
from domain.rulebook.reader import rulebook
from projections.board import Question
from tests.data.read_files import histories_of, lines_of
from tests.data.test_reference_counts import DATA, INSTANTS, RULEBOOKS, reference
from tests.following import follow

LONG = os.environ.get("TRAILBOOK_LONG") == "1"
EVERY = 4

pytestmark = [
    pytest.mark.skipif(not DATA.is_dir(), reason=f"the real logs are not here: {DATA} (TRAILBOOK_DATA)"),
    pytest.mark.timeout(600),
]


def published(wired: Service, log: str) -> str:
    text = (RULEBOOKS / f"{log}.yaml").read_text(encoding="utf-8")
    journey = rulebook(text).journey
    publish(wired, journey, Draft(text, "reference", effective_from=None), by="test", based_on=first)
    return journey


def imported(wired: Service, path: Path) -> Imported:
    sent, faults = read_all(path, wired.log.reading.now())
    assert faults == []
    return store(wired, sent, lambda _: None)


def derive(wired: Service) -> None:
    follow(wired.pool, wired.log.reading)


def counts(wired: Service, journey: str, as_of: str) -> dict[str, int]:
    position, _ = wired.board.worked()
    versions = wired.versions(journey)
    question = Question(journey, versions, instant(as_of), position)
    columns = wired.board.columns(question, versions[-1].rulebook.stage_ids, 1)
    return {column.stage: column.count for column in columns if column.count}


@dataclass(frozen=True)
class Known:
    """What is imported, and what is to be counted at each instant."""

    lines: list[bytes]
    counts: dict[str, dict[str, int]]


def known(log: str) -> Known:
    lines = lines_of(DATA / f"{log}.ndjson.gz")
    if LONG:
        return Known(lines, reference(log)["as_of"])
    some = [line for line in lines if crc32(line.partition(b'"subject":')[2].partition(b",")[0]) % EVERY == 0]
    versions = [version(rulebook((RULEBOOKS / f"{log}.yaml").read_text(encoding="utf-8")))]
    people = [in_fold_order(facts, LATEST) for facts in histories_of(some).values()]
    return Known(some, {as_of: stages(people, versions, instant(as_of)) for as_of in INSTANTS[log]})


def stages(people: list[list[Fact]], versions: list[Version], as_of: Instant) -> dict[str, int]:
    """By the reference fold, of whom anything is known by then."""
    heard_of = [facts for facts in people if facts[0].occurred_at <= as_of]
    until = ([fact for fact in facts if fact.occurred_at <= as_of] for facts in heard_of)
    return Counter(fold(facts, versions, as_of).standing.stage or "off" for facts in until)


def written(lines: Iterable[bytes], folder: Path) -> Path:
    path = folder / "facts.ndjson"
    path.write_bytes(b"\n".join(lines))
    return path


@pytest.mark.parametrize("log", INSTANTS if LONG else ["loan_applications"])
def test_after_importing_it_shuffled_and_then_once_more(log: str, database: str, tmp_path: Path) -> None:
    expected = known(log)
    shuffled = random.Random(1).sample(expected.lines, len(expected.lines))
    with service(Settings(home=tmp_path), database) as wired:
        journey = published(wired, log)
        done = imported(wired, written(shuffled, tmp_path))
        derive(wired)
        assert done.accepted == len(expected.lines)
        assert {as_of: counts(wired, journey, as_of) for as_of in INSTANTS[log]} == expected.counts
        head = wired.log.reading.head()

        again = imported(wired, written(expected.lines, tmp_path))
        derive(wired)

        assert (again.accepted, again.duplicates) == (0, len(expected.lines))
        assert wired.log.reading.head() == head
        assert {as_of: counts(wired, journey, as_of) for as_of in INSTANTS[log]} == expected.counts
