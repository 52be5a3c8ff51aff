"""`trailbook replay --facts` as its users meet it: lines out, exit codes, bad lines named."""

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import zstandard
from typer.testing import CliRunner, Result

from api.cli import app

RULEBOOK = """
journey: j
stages: [{id: A, initial: true}, {id: B}]
tags: [{id: hot, when: {fact: x}, add: hot}]
moves: [{id: go, from: A, to: B, after: 5d, since: {last: x}}]
"""


def event(number: int, day: int, customer: str = "c1", **more: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": str(number),
        "source": "s",
        "type": "x",
        "subject": customer,
        "time": f"2026-03-{day:02d}T00:00:00Z",
        **more,
    }


def packed(content: bytes, suffix: str) -> bytes:
    if suffix == ".gz":
        return gzip.compress(content)
    return zstandard.compress(content) if suffix == ".zst" else content


def replay(folder: Path, events: list[Any], *options: str, name: str = "facts.ndjson", book: str = RULEBOOK) -> Result:
    lines = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in events).encode()
    (folder / name).write_bytes(packed(lines, Path(name).suffix))
    (folder / "rulebook.yaml").write_text(book, encoding="utf-8")
    files = ["--facts", str(folder / name), "--rulebook", str(folder / "rulebook.yaml")]
    return CliRunner().invoke(app, ["replay", *files, *options])


def standings(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.mark.parametrize("name", ["facts.ndjson", "facts.ndjson.gz", "facts.ndjson.zst"])
def test_one_line_a_customer_in_order_of_code_point(tmp_path: Path, name: str) -> None:
    events = [event(1, 1, "b"), event(2, 1, "a"), event(3, 2, "Z")]

    lines = standings(replay(tmp_path, events, "--as-of", "2026-03-03T00:00:00Z", name=name))

    assert [line["customer"] for line in lines] == ["Z", "a", "b"]
    assert lines[1] == {"customer": "a", "stage": "A", "since": "2026-03-01T00:00:00Z", "tags": ["hot"], "open": []}


def test_the_deadline_is_met_at_the_very_second_and_not_one_before(tmp_path: Path) -> None:
    before = standings(replay(tmp_path, [event(1, 1)], "--as-of", "2026-03-05T23:59:59Z"))
    at = standings(replay(tmp_path, [event(1, 1)], "--as-of", "2026-03-06T00:00:00Z"))

    assert (before[0]["stage"], at[0]["stage"]) == ("A", "B")


def test_a_late_fact_is_known_only_from_its_recordedat(tmp_path: Path) -> None:
    events = [event(1, 1), event(2, 4, recordedat="2026-03-20T00:00:00Z")]
    cut = ["--as-of", "2026-03-07T00:00:00Z"]

    then = standings(replay(tmp_path, events, *cut, "--known-at", "2026-03-07T00:00:00Z"))
    now = standings(replay(tmp_path, events, *cut))

    assert (then[0]["stage"], now[0]["stage"]) == ("B", "A")


def test_the_trail_names_fact_timer_rule_and_version(tmp_path: Path) -> None:
    (line,) = standings(replay(tmp_path, [event(1, 1)], "--trail", "--as-of", "2026-03-10T00:00:00Z"))

    assert [(step["kind"], step["cause"]["timer"], step["cause"]["rule"]) for step in line["steps"]] == [
        ("entered", None, "enter"),
        ("tag_added", None, "hot"),
        ("moved", "after", "go"),
    ]
    assert line["steps"][0]["cause"]["fact"] == {"source": "s", "id": "1", "type": "x"}
    assert line["steps"][2]["cause"] == {"fact": None, "timer": "after", "rule": "go", "rulebook": 1}


def test_every_bad_line_is_named_and_nothing_is_printed(tmp_path: Path) -> None:
    result = replay(tmp_path, [event(1, 1), "{oops", event(2, 1, time="yesterday"), event(3, 1, data=[])])

    assert result.exit_code == 1
    assert result.stdout == ""
    for words in ("line 2", "line 3, /time", "line 4, /data"):
        assert words in result.stderr


def test_two_contents_under_one_id_are_a_fault_and_a_repetition_is_none(tmp_path: Path) -> None:
    repeated = replay(tmp_path, [event(1, 1), event(1, 1, time="2026-03-01T08:00:00+08:00")])
    conflict = replay(tmp_path, [event(1, 1), event(1, 2)])

    assert len(standings(repeated)) == 1
    assert (conflict.exit_code, conflict.stdout) == (1, "")
    assert "line 2" in conflict.stderr


def test_who_has_no_fact_inside_both_cuts_is_not_printed(tmp_path: Path) -> None:
    assert standings(replay(tmp_path, [event(1, 9)], "--as-of", "2026-03-08T23:59:59.999999Z")) == []


def test_a_broken_rulebook_is_told_with_its_line(tmp_path: Path) -> None:
    result = replay(tmp_path, [event(1, 1)], book=RULEBOOK.replace("add: hot", "ad: hot"))

    assert (result.exit_code, result.stdout) == (1, "")
    assert "line 4" in result.stderr


def test_versions_come_into_force_in_turn(tmp_path: Path) -> None:
    document = {"journey": "j", "stages": [{"id": "A", "initial": True}, {"id": "B"}]}
    faster = document | {"moves": [{"id": "go", "from": "A", "to": "B", "if": {"seen": "x"}}]}
    series = [
        {"version": 1, "published_at": "2026-01-01T00:00:00Z", "effective_from": None, "document": document},
        {"version": 2, "published_at": "2026-03-09T00:00:00Z", "document": faster},
    ]
    (tmp_path / "facts.ndjson").write_text(json.dumps(event(1, 1)), encoding="utf-8")
    (tmp_path / "books.ndjson").write_text("\n".join(map(json.dumps, series)), encoding="utf-8")

    result = CliRunner().invoke(
        app, ["replay", "--facts", f"{tmp_path}/facts.ndjson", "--rulebooks", f"{tmp_path}/books.ndjson"]
    )

    (line,) = standings(result)
    assert (line["stage"], line["since"]) == ("B", "2026-03-09T00:00:00Z")


SERIES = [
    {"version": 1, "published_at": "2026-01-01T00:00:00Z", "effective_from": None, "document": RULEBOOK},
    {
        "version": 2,
        "published_at": "2026-03-04T00:00:00Z",
        "effective_from": "2026-03-03T00:00:00Z",
        "document": RULEBOOK.replace("5d", "2d").replace("add: hot", "add: warm") + "renames: {A: B}\n",
    },
]
LIVES = [
    event(1, 1),
    event(2, 2, "Z", type="tag.added", data={"tag": "手工"}),
    event(3, 4, recordedat="2026-03-20T00:00:00Z"),
    event(4, 5, type="stage.set", data={"journey": "j", "stage": "A", "hold": "3d"}),
    event(5, 6, "a", data={"v": 1}),
    event(6, 7, "a", type="fact.voided", data={"source": "s", "id": "5"}),
    event(7, 9, "b"),
]
CUTS = [
    ["--as-of", "2026-03-10T00:00:00Z"],
    ["--as-of", "2026-03-06T00:00:00Z"],
    ["--as-of", "2026-02-01T00:00:00Z"],
    ["--as-of", "2026-03-10T00:00:00Z", "--known-at", "2026-03-06T12:00:00Z"],
    ["--as-of", "2026-03-10T00:00:00Z", "--known-at", "2025-12-31T00:00:00Z"],
    ["--as-of", "2026-03-10T00:00:00Z", "--customer", "c1"],
    ["--as-of", "2026-03-10T00:00:00Z", "--customer", "nobody"],
    [],
]


@pytest.mark.parametrize("trail", [[], ["--trail"]])
@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("rules", ["--rulebook", "--rulebooks"])
def test_both_engines_print_the_same_bytes(tmp_path: Path, rules: str, cut: list[str], trail: list[str]) -> None:
    (tmp_path / "facts.ndjson").write_text("\n".join(map(json.dumps, LIVES)), encoding="utf-8")
    book = RULEBOOK if rules == "--rulebook" else "\n".join(map(json.dumps, SERIES))
    (tmp_path / "rules").write_text(book, encoding="utf-8")
    asked = ["replay", "--facts", f"{tmp_path}/facts.ndjson", rules, f"{tmp_path}/rules", *cut, *trail]

    by_reference, by_vector = (
        CliRunner().invoke(app, [*asked, "--engine", engine]) for engine in ("reference", "vector")
    )

    assert (by_reference.exit_code, by_vector.exit_code) == (0, 0), by_vector.output
    assert by_vector.stdout_bytes == by_reference.stdout_bytes


def test_other_commands_do_not_load_the_compiler() -> None:
    loaded = "import sys, api.cli; sys.exit('numba' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", loaded], check=False).returncode == 0


@pytest.mark.parametrize("options", [["--as-of", "soon"], ["--engine", "fast"]])
def test_wrong_usage_exits_2(tmp_path: Path, options: list[str]) -> None:
    assert replay(tmp_path, [event(1, 1)], *options).exit_code == 2


@pytest.mark.parametrize(
    "command",
    [
        ["replay"],
        ["serve"],
        ["work"],
        ["import"],
        ["migrate"],
        ["status"],
        ["rulebook", "lint"],
        ["rulebook", "publish"],
        ["rulebook", "diagram"],
    ],
)
def test_every_command_has_help_with_an_example(command: list[str]) -> None:
    result = CliRunner().invoke(app, [*command, "--help"])

    assert result.exit_code == 0
    assert f"Example: trailbook {' '.join(command)}" in " ".join(result.stdout.split())
