"""`trailbook backtest` as its users meet it, on a file and on the database; and the same report from everywhere."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from api.cli import app
from api.running_backtest import run_kept
from api.wiring import Service
from tests.api.backtest_files import CANDIDATE, PERIOD, RULEBOOK, facts_of
from tests.api.test_kept_backtests import taken
from tests.api.test_service import send
from tests.event_log.given import erase_key

MORE = ("--outcome", "order.paid", "--within", "7d", "--vary", "moves.silent.after=1d,2d,9d")
FROM_TO = ("--from", PERIOD["from"], "--to", PERIOD["to"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With a candidate, a rulebook, and facts of twenty customers."""
    written = {"new.yaml": CANDIDATE, "rulebook.yaml": RULEBOOK}
    for name, text in written.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    lines = [json.dumps(fact, ensure_ascii=False) for fact in facts_of(20)]
    (tmp_path / "facts.ndjson").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path


def backtest(folder: Path, *options: str, candidate: str = "new.yaml", journey: str = "course") -> Result:
    words = ["backtest", "--journey", journey, "--candidate", str(folder / candidate), *options]
    return CliRunner().invoke(app, words)


def on_the_file(folder: Path, *options: str, **more: str) -> Result:
    files = ("--facts", str(folder / "facts.ndjson"), "--rulebook", str(folder / "rulebook.yaml"))
    return backtest(folder, *files, *options, **more)


def reported(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, (result.stderr, result.exception)
    (line,) = result.stdout.splitlines()
    return dict(json.loads(line))


def test_a_file_needs_no_database_and_the_report_is_one_line_of_json(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAILBOOK_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    done = on_the_file(folder, *FROM_TO, *MORE, "--json")
    report = reported(done)

    in_time = [fact for fact in facts_of(20) if fact["time"] <= PERIOD["to"]]
    assert (report["journey"], report["known"], report["facts"]) == ("course", None, len(in_time))
    assert report["candidate"] | {"hash": ""} == {"version": 2, "hash": "", "based_on": 1}
    assert report["customers"] == {"folded": 20, "erased": 0, "damaged": 0}
    assert report["differ"]["elsewhere"] > 0
    assert [run["value"] for run in report["sweep"]["runs"]] == ["1d", "2d", "9d"]
    assert "Took " in done.stderr
    assert "reading" in done.stderr
    assert "Folding" in done.stderr


def test_without_json_it_is_read_by_people(folder: Path) -> None:
    said = on_the_file(folder, *FROM_TO, *MORE).stdout

    for words in ("course 课程", "Where they stand at the end", "The first step that differs", "3 天没有消息"):
        assert words in said
    assert "No message for 3 days" in on_the_file(folder, *FROM_TO, "--language", "en").stdout


def test_what_is_written_is_what_is_printed_and_names_who_differs(folder: Path) -> None:
    out = folder / "deep" / "out"
    report = reported(on_the_file(folder, *FROM_TO, "--json", "--out", str(out)))
    customers = [json.loads(line) for line in (out / "customers.ndjson").read_text(encoding="utf-8").splitlines()]

    assert json.loads((out / "report.json").read_text(encoding="utf-8")) == report
    assert "Where they stand at the end" in (out / "report.txt").read_text(encoding="utf-8")
    assert len(customers) == report["differ"]["customers"] > 0
    assert {one["customer"] for one in customers} <= {fact["subject"] for fact in facts_of(20)}
    elsewhere = [one for one in customers if one["published_stage"] != one["candidate_stage"]]
    assert len(elsewhere) == report["differ"]["elsewhere"]
    assert "张三" in {one["customer"] for one in customers}


def test_what_is_wrong_in_a_file_is_named_with_file_and_line_and_nothing_is_printed(folder: Path) -> None:
    lines = (folder / "facts.ndjson").read_text(encoding="utf-8").splitlines()
    (folder / "facts.ndjson").write_text("\n".join([*lines[:3], "{oops", *lines[3:]]), encoding="utf-8")
    facts = on_the_file(folder)
    (folder / "new.yaml").write_text(CANDIDATE.replace("to: lead", "to: nowhere"), encoding="utf-8")
    candidate = on_the_file(folder)

    assert (facts.exit_code, facts.stdout) == (1, "")
    assert "facts.ndjson" in facts.stderr
    assert "line 4" in facts.stderr
    assert (candidate.exit_code, candidate.stdout) == (1, "")
    assert "new.yaml" in candidate.stderr
    assert "/moves/" in candidate.stderr
    assert "line " in candidate.stderr


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--rulebooks", "rulebook.yaml"), 2, "Give either"),
        (("--outcome", "order.paid"), 2, "together"),
        (("--outcome", "order.paid", "--within", "soon"), 2, "--within"),
        (("--from", "yesterday"), 2, "--from"),
        (("--vary", "moves.silent.after"), 2, "--vary"),
        (("--engine", "spark"), 2, "--engine"),
        (("--engine", "ray"), 2, "Ray is not installed"),
        (("--vary", "moves.silent.after=soon"), 1, "/vary/values/0"),
        (("--vary", "moves.nothing.after=1d"), 1, "/vary/path"),
        (("--from", "2026-03-09T00:00:00Z", "--to", "2026-03-01T00:00:00Z"), 1, "/to"),
        (("--to", "0001-01-01T00:00:00Z"), 1, "/to"),
    ],
)
def test_wrong_usage_is_2_and_a_question_that_cannot_be_put_is_1(
    folder: Path, options: tuple[str, ...], code: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(sys.modules, "backtest.on_ray", raising=False)
    options = tuple(str(folder / word) if word.endswith(".yaml") else word for word in options)
    refused = on_the_file(folder, *options)

    assert (refused.exit_code, refused.stdout) == (code, ""), refused.stderr
    assert said in refused.stderr


def test_a_candidate_of_another_journey_is_refused(folder: Path) -> None:
    refused = on_the_file(folder, journey="other")

    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "new.yaml" in refused.stderr
    assert backtest(folder, "--rulebook", str(folder / "rulebook.yaml")).exit_code == 2


@pytest.fixture
def imported(client: httpx.Client, folder: Path) -> httpx.Client:
    """The same facts and rules in the database."""
    body = {"document": RULEBOOK, "because": "first", "effective_from": None}
    answer = client.post("/v1/journeys/course/rulebooks", json=body, headers={"If-None-Match": "*"})
    assert answer.status_code == 201, answer.text
    assert send(client, facts_of(20)).status_code == 201
    return client


def asked(client: httpx.Client) -> str:
    vary = {"path": "moves.silent.after", "values": ["1d", "2d", "9d"]}
    outcome = {"type": "order.paid", "within": "7d"}
    body = {"journey": "course", "candidate": CANDIDATE, **PERIOD, "outcome": outcome, "vary": vary}
    answer = client.post("/v1/backtests", json=body)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def without_known(report: dict[str, Any]) -> str:
    return json.dumps({**report, "known": None}, ensure_ascii=False)


def test_the_file_and_the_database_give_the_same_report_byte_for_byte(
    imported: httpx.Client, wired: Service, folder: Path
) -> None:
    id = asked(imported)
    run_kept(wired, *taken(wired.backtests))
    kept = imported.get(f"/v1/backtests/{id}").json()
    from_the_file = reported(on_the_file(folder, *FROM_TO, *MORE, "--json"))

    assert (kept["state"], kept["failure"]) == ("done", None)
    assert kept["report"]["known"]["position"] == wired.log.reading.head()
    assert without_known(kept["report"]) == without_known(from_the_file)

    out = folder / "out"
    on_the_file(folder, *FROM_TO, "--out", str(out))
    lines = [json.loads(line) for line in (out / "customers.ndjson").read_text(encoding="utf-8").splitlines()]
    listed = imported.get(f"/v1/backtests/{id}/customers?limit=1000").json()
    by_name = {one["customer"]: one for one in listed["items"]}
    assert by_name == {one["customer"]: one for one in lines}
    assert listed["total"] == len(lines)


def test_an_erased_customer_is_not_folded_any_more_and_has_no_name_in_what_was(
    imported: httpx.Client, wired: Service, database: str
) -> None:
    before = asked(imported)
    run_kept(wired, *taken(wired.backtests))
    named = {one["customer"] for one in imported.get(f"/v1/backtests/{before}/customers").json()["items"]}
    erase_key(database, "张三")
    after = asked(imported)
    run_kept(wired, *taken(wired.backtests))

    assert "张三" in named
    left = imported.get(f"/v1/backtests/{before}/customers").json()["items"]
    assert {one["customer"] for one in left} == (named - {"张三"}) | {None}
    assert imported.get(f"/v1/backtests/{after}").json()["report"]["customers"] == {
        "folded": 19,
        "erased": 1,
        "damaged": 0,
    }
    assert "张三" not in imported.get(f"/v1/backtests/{after}/customers").text


def test_from_the_database_it_is_kept_unless_told_otherwise(
    imported: httpx.Client, wired: Service, folder: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAILBOOK_DATABASE_URL", database)
    monkeypatch.setenv("TRAILBOOK_HOME", str(folder))
    passing = backtest(folder, *FROM_TO, *MORE, "--json", "--no-keep")
    assert imported.get("/v1/backtests").json()["items"] == []
    done = backtest(folder, *FROM_TO, *MORE, "--json")
    (kept,) = imported.get("/v1/backtests").json()["items"]

    assert reported(done) == reported(passing) == imported.get(f"/v1/backtests/{kept['id']}").json()["report"]
    assert f"/backtests/{kept['id']}" in done.stderr
    assert (kept["state"], kept["by"]) == ("done", "command line")
    assert backtest(folder, journey="unheard-of").exit_code == 1


def test_on_an_empty_log_everything_is_zero(client: httpx.Client, wired: Service) -> None:
    body = {"document": RULEBOOK, "because": "first", "effective_from": None}
    client.post("/v1/journeys/course/rulebooks", json=body, headers={"If-None-Match": "*"})
    id = asked(client)
    run_kept(wired, *taken(wired.backtests))

    kept = client.get(f"/v1/backtests/{id}").json()
    assert (kept["state"], kept["failure"]) == ("done", None)
    assert kept["report"]["customers"]["folded"] == kept["report"]["facts"] == kept["headline"]["differ"] == 0


def test_what_goes_wrong_while_it_is_run_is_kept_as_a_sentence_without_what_was_written(
    imported: httpx.Client, wired: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise ValueError("wmSecret")

    monkeypatch.setattr("api.running_backtest.backtested", fails)
    id = asked(imported)
    run_kept(wired, *taken(wired.backtests))

    answer = imported.get(f"/v1/backtests/{id}")
    assert (answer.json()["state"], answer.json()["failure"]) == (
        "failed",
        "Something went wrong on our side (ValueError).",
    )
    assert "wmSecret" not in answer.text


@pytest.fixture
def worker(database: str, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A real `trailbook work`."""
    environment = {**os.environ, "TRAILBOOK_DATABASE_URL": database, "TRAILBOOK_HOME": str(folder)}
    process = subprocess.Popen([sys.executable, "-m", "api.cli", "work"], env=environment)
    yield process
    process.terminate()
    process.wait(20)


def test_the_worker_runs_what_waits_in_a_process_of_its_own(
    imported: httpx.Client, worker: "subprocess.Popen[bytes]"
) -> None:
    id = asked(imported)
    deadline = time.monotonic() + 60
    while (kept := imported.get(f"/v1/backtests/{id}").json())["state"] in ("queued", "running"):
        assert time.monotonic() < deadline, kept
        time.sleep(0.1)

    assert (kept["state"], kept["failure"]) == ("done", None)
    assert kept["report"]["differ"]["elsewhere"] > 0


CHILD = """
import sys, time
from api.beside import ended_without
ended_without(int(sys.argv[1]))
print("up", flush=True)
time.sleep(60)
"""
PARENT = """
import os, subprocess, sys, time
subprocess.Popen([sys.executable, "-c", sys.argv[1], str(os.getpid())])
time.sleep(60)
"""


def test_the_process_ends_when_the_worker_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT, CHILD], stdout=subprocess.PIPE) as started:
        assert started.stdout is not None
        assert started.stdout.readline() == b"up\n"
        started.kill()
        # The child holds the pipe: it is read to its end when the child has gone too.
        begun = time.monotonic()
        assert started.stdout.read() == b""
        assert time.monotonic() - begun < 5
