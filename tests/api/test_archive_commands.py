"""The archive from the command line: data on standard output, a bar on standard error, 0, 1 or 2."""

import json
import threading
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import api.archiving
from api.archiving import archive_kept
from api.cli import app
from api.settings import Settings
from api.wiring import Service, service
from domain.facts import Fact
from domain.instants import instant
from projections.archive_due import CALM

MARCH_1 = instant("2026-03-01T00:00:00Z")


@pytest.fixture
def home(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Five customers."""
    monkeypatch.setenv("TRAILBOOK_DATABASE_URL", database)
    monkeypatch.setenv("TRAILBOOK_HOME", str(tmp_path))
    with service(Settings(home=tmp_path), database) as wired:
        wired.log.intake.append([[Fact("s", f"{n}", "content.viewed", f"c{n}", MARCH_1) for n in range(5)]])
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["archive", *words])


def test_kept_checked_and_said(home: Path) -> None:
    assert json.loads(run("status").stdout)["position"] == 0
    kept = run("keep")
    assert (kept.exit_code, json.loads(kept.stdout)) == (0, {"position": 5})
    checked = run("check")
    lines = [json.loads(line) for line in checked.stdout.splitlines()]
    assert checked.exit_code == 0
    assert sum(line["facts"] for line in lines) == sum(line["customers"] for line in lines) == 5
    assert {line["fault"] for line in lines} == {None}
    said = json.loads(run("status").stdout)
    assert (said["facts"], said["head"], said["checked_position"]) == (5, 5, 5)
    assert run("compact").exit_code == 0


def test_a_bar_is_shown_to_who_looks_and_not_from_the_background(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Archiving" in run("keep").stderr
    monkeypatch.setenv("TRAILBOOK_PARENT", "1")
    monkeypatch.setattr("os.nice", lambda more: more)
    kept = run("keep")
    assert (kept.exit_code, kept.stderr) == (0, "")


def test_what_differs_is_exit_1_and_a_rebuild_mends_it(home: Path) -> None:
    run("keep")
    path = next((home / "archive").rglob("*.sealed.arrow"))
    path.write_bytes(path.read_bytes().replace(b"ARROW1", b"arrow1"))
    checked = run("check")
    assert checked.exit_code == 1
    assert "Split" in checked.stderr
    assert "rebuild" in checked.stderr
    rebuilt = run("rebuild", "--splits", "2")
    assert (rebuilt.exit_code, json.loads(rebuilt.stdout)) == (0, {"position": 5})
    assert [json.loads(line)["split"] for line in run("check").stdout.splitlines()] == [0, 1]


def test_splits_are_a_power_of_two(home: Path) -> None:
    assert run("rebuild", "--splits", "3").exit_code == 2


def test_in_the_background_a_process_keeps_it(home: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api.archiving, "LOOK", 0.05)
    settings = Settings(home=home)
    with service(settings, database) as wired:
        # Few facts are worth it once nothing was kept for a minute.
        begun = wired.log.reading.now() - 2 * CALM
        with archive_kept(wired.pool, database, settings, begun):
            assert _reaches(wired, 5)
        assert threading.active_count() < 20


def _reaches(wired: Service, position: int) -> bool:
    deadline = time.monotonic() + 30
    while wired.archive.status().position != position:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
