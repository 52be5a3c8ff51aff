"""Projections and the parked from the command line."""

from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner, Result

from api.cli import app
from api.publishing import Draft, first, publish
from api.settings import Settings
from api.wiring import service
from domain.facts import Fact
from domain.instants import instant
from domain.strict_json import canonical
from tests.following import follow
from tests.projections.fresh import all_rows

MARCH_1 = instant("2026-03-01T00:00:00Z")
RULEBOOK = {
    "journey": "j",
    "stages": [{"id": "A", "initial": True}, {"id": "B"}],
    "moves": [{"id": "go", "from": "A", "to": "B", "when": {"fact": "y"}}],
}


class Run:
    def __call__(self, *words: str) -> Result:
        return CliRunner().invoke(app, words)


@pytest.fixture
def run(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Five customers, followed."""
    monkeypatch.setenv("TRAILBOOK_DATABASE_URL", database)
    monkeypatch.setenv("TRAILBOOK_HOME", str(tmp_path))
    with service(Settings(home=tmp_path), database) as wired:
        publish(wired, "j", Draft(canonical(RULEBOOK).decode(), "a test", None), "a test", first)
        wired.log.intake.append([[Fact("s", f"{kind}{n}", kind, f"c{n}", MARCH_1) for n in range(5) for kind in "xy"]])
        follow(wired.pool, wired.log.reading)
    # Whoever followed is gone.
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute("update tracking set holder = null, leased_until = 0")
        owner.execute("truncate followers")
    return Run()


def test_status_says_how_far_the_rows_are_and_that_nobody_follows(run: Run) -> None:
    said = run("status")

    assert said.exit_code == 0
    log, journeys = said.stdout.splitlines()
    assert log.split() == ["log", "position", "11"]
    assert journeys.startswith("journeys 1 position 11, behind by 0, worked until ")
    assert journeys.endswith("nobody follows: start trailbook work")


def test_paused_and_resumed(run: Run) -> None:
    assert run("pause", "journeys").exit_code == 0
    assert ", paused" in run("status").stdout

    assert run("resume", "journeys").exit_code == 0
    assert ", paused" not in run("status").stdout


def test_rebuilt_the_rows_are_the_same_and_one_can_go_back(run: Run, database: str) -> None:
    before = all_rows(database)

    rebuilt = run("rebuild")
    assert (rebuilt.exit_code, rebuilt.stdout) == (0, "")
    assert "Version 2 is live; 5 customers compared" in rebuilt.stderr
    assert all_rows(database) == before

    back = run("rebuild", "--back")
    assert back.exit_code == 0
    assert "Version 1 is live" in back.stderr
    assert all_rows(database) == before


def test_who_is_parked_is_listed_and_tried_again(run: Run, database: str) -> None:
    assert (run("parked").stdout, run("parked").stderr) == ("", "Nobody is parked.\n")
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute(
            "insert into parked (projection, version, customer, position, reason) "
            "select 'journeys', 1, customer, 7, 'KeyError' from customers where subject = 'c2'"
        )

    assert run("parked").stdout.split("\t")[:3] == ["7", "c2", "KeyError"]
    assert run("parked", "--retry", "7").exit_code == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("pause", "boards"), 1, "There is no projection of that name."),
        (("resume", "boards"), 1, "There is no projection of that name."),
        (("rebuild", "boards"), 2, "There is one projection: journeys."),
        (("rebuild", "--back"), 1, "There is no earlier version to go back to"),
        (("parked", "--retry", "99"), 1, "No customer is parked at that position."),
    ],
)
def test_what_is_refused_is_told_in_a_sentence(run: Run, words: tuple[str, ...], code: int, said: str) -> None:
    refused = run(*words)

    assert (refused.exit_code, refused.stdout) == (code, "")
    assert said in refused.stderr
