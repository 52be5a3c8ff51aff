"""The reference counts again, from the database: after an import, also of the shuffled file, and after a second one."""

import gzip
import os
import random
from pathlib import Path

import pytest

from api.importing import Imported, read_all, store
from api.publishing import Draft, first, publish
from api.settings import Settings
from api.wiring import Service, service
from domain.instants import instant
from domain.rulebook.reader import rulebook
from projections.board import Question
from tests.data.test_reference_counts import DATA, INSTANTS, RULEBOOKS, reference
from tests.following import follow

LONG = os.environ.get("TRAILBOOK_LONG") == "1"

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


def assert_reference(wired: Service, journey: str, log: str) -> None:
    found = {as_of: counts(wired, journey, as_of) for as_of in INSTANTS[log]}
    assert found == reference(log)["as_of"]


def shuffled(log: str, folder: Path) -> Path:
    lines = gzip.decompress((DATA / f"{log}.ndjson.gz").read_bytes()).splitlines()
    random.Random(1).shuffle(lines)
    path = folder / "shuffled.ndjson"
    path.write_bytes(b"\n".join(lines))
    return path


@pytest.mark.parametrize("log", INSTANTS if LONG else ["loan_applications"])
def test_after_importing_it_shuffled_and_then_once_more(log: str, database: str, tmp_path: Path) -> None:
    with service(Settings(home=tmp_path), database) as wired:
        journey = published(wired, log)
        done = imported(wired, shuffled(log, tmp_path))
        derive(wired)
        assert done.accepted == reference(log)["events"]
        assert_reference(wired, journey, log)
        head = wired.log.reading.head()

        again = imported(wired, DATA / f"{log}.ndjson.gz")
        derive(wired)

        assert (again.accepted, again.duplicates) == (0, reference(log)["events"])
        assert wired.log.reading.head() == head
        assert_reference(wired, journey, log)
