"""Moves by hand and voids from the command line: decided as over HTTP, told in sentences."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from api.cli import app
from api.publishing import Draft, first, publish
from api.settings import Settings
from api.wiring import service
from domain.facts import Fact
from domain.instants import instant
from domain.strict_json import canonical

RULEBOOK = {
    "journey": "j",
    "stages": [{"id": "A", "initial": True}, {"id": "B"}, {"id": "C"}],
    "manual": [{"from": "A", "to": ["B"]}, {"from": "B", "to": ["A"]}],
}
MOVE = ("move", "c1", "--journey", "j")


class Run:
    def __call__(self, *words: str) -> Result:
        return CliRunner().invoke(app, words)


@pytest.fixture
def run(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("TRAILBOOK_DATABASE_URL", database)
    monkeypatch.setenv("TRAILBOOK_HOME", str(tmp_path))
    with service(Settings(home=tmp_path), database) as wired:
        draft = Draft(canonical(RULEBOOK).decode(), "a test", None)
        publish(wired, "j", draft, "a test", first)
        wired.log.intake.append([[Fact("s", "1", "x", "c1", instant("2026-03-01T00:00:00Z"))]])
    return Run()


def test_a_customer_is_moved_and_a_wrong_move_is_voided(run: Run) -> None:
    moved = run(*MOVE, "--from", "A", "--to", "B", "--reason", "by phone", "--hold", "14d")
    assert (moved.exit_code, moved.stdout) == (0, "c1 is moved to B, by position 3\n")
    assert "Stands in: B" in run("replay", "c1", "--journey", "j").stdout

    voided = run("void", "3", "--reason", "wrong customer")

    assert (voided.exit_code, voided.stdout) == (0, "position 3 is voided, by position 4\n")
    assert "Stands in: A" in run("replay", "c1", "--journey", "j").stdout


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((*MOVE, "--from", "B", "--to", "A", "--reason", "r"), 1, "It is A now."),
        ((*MOVE, "--from", "A", "--to", "C", "--reason", "r"), 1, "From A to C."),
        ((*MOVE, "--from", "A", "--to", "D", "--reason", "r"), 1, "It has A, B, C."),
        ((*MOVE, "--from", "A", "--to", "B", "--reason", "r", "--hold", "soon"), 1, "soon"),
        ((*MOVE, "--from", "A", "--to", "B", "--reason", " "), 2, "--reason"),
        (("move", "nobody", "--journey", "j", "--from", "A", "--to", "B", "--reason", "r"), 1, "No customer"),
        (("void", "1", "--reason", "a publication"), 1, "No fact"),
        (("void", "9", "--reason", "r"), 1, "No fact"),
    ],
)
def test_what_is_refused_is_told_in_a_sentence(run: Run, words: tuple[str, ...], code: int, said: str) -> None:
    refused = run(*words)

    assert (refused.exit_code, refused.stdout) == (code, "")
    assert said in refused.stderr
