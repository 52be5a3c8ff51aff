"""`/metrics` and the two ways to ask whether it lives: true numbers, none of them anybody's, and cheap."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import httpx
import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from api.metrics import COUNTED_TOGETHER, Metrics
from api.observed import NOWHERE, Answered, Observed
from api.wiring import Service
from event_log.group_commit import GroupCommit
from tests.api.test_service import ONE, event, publish, send
from tests.event_log.given import facts

RUNBOOK = Path(__file__).parents[2] / "docs" / "how-to" / "runbook.md"

Sample = tuple[str, frozenset[tuple[str, str]]]


def numbers(text: str) -> dict[Sample, float]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def scraped(client: httpx.Client) -> dict[Sample, float]:
    answer = client.get("/metrics", headers={"Authorization": ""})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return numbers(answer.text)


def named(name: str, **labels: str) -> Sample:
    return name, frozenset(labels.items())


def test_it_says_how_far_the_rows_are_behind_the_log(client: httpx.Client) -> None:
    publish(client)
    send(client, [event(1), event(2)])

    found = scraped(client)

    assert found[named("trailbook_database_up")] == 1
    assert found[named("trailbook_log_head_position")] == 3
    behind = [value for (name, _), value in found.items() if name == "trailbook_lag_positions"]
    assert behind == [3.0] * 4
    assert found[named("trailbook_parked", projection="journeys", version="1", state="live")] == 0
    assert found[named("trailbook_due")] == 0


def test_requests_are_counted_by_template_and_refusals_by_problem(client: httpx.Client) -> None:
    send(client, event(1), ONE)
    send(client, event(1, day=9), ONE)
    client.get("/v1/customers/c1")
    client.get("/v1/customers/c2")
    client.get("/nowhere/at/all")
    client.request("TRACE", "/v1/facts")

    found = scraped(client)

    def count(route: str, method: str, status: int) -> float:
        labels = {"route": route, "method": method, "status": str(status)}
        return found[named("trailbook_http_request_seconds_count", **labels)]

    assert count("/v1/facts", "POST", 201) == 1
    assert count("/v1/facts", "POST", 409) == 1
    assert count("/v1/customers/{customer:path}", "GET", 200) == 1
    assert count("/v1/customers/{customer:path}", "GET", 404) == 1
    assert count(NOWHERE, "GET", 404) == 1
    assert count("/v1/facts", NOWHERE, 405) == 1
    refused = {"route": "/v1/facts", "problem": "facts-conflict"}
    assert found[named("trailbook_refusals_total", **refused)] == 1
    assert found[named("trailbook_facts_stored_total")] == 1
    assert found[named("trailbook_queue_requests")] == 0


def test_commits_are_counted_and_the_queue_is_measured(wired: Service) -> None:
    metrics, commit = Metrics(wired.pool), GroupCommit(wired.log.intake)
    metrics.watch(commit)
    for request in (facts(3), facts(2, first=4), facts(1)):
        commit.put(commit.prepare(request), 0.0, lambda answer: None)
    waiting = numbers(metrics.text().decode())

    commit.step(0.1)

    done = numbers(metrics.text().decode())
    assert waiting[named("trailbook_queue_requests")] == 3
    assert waiting[named("trailbook_queue_bytes")] > 0
    assert done[named("trailbook_queue_requests")] == done[named("trailbook_queue_bytes")] == 0
    assert done[named("trailbook_facts_stored_total")] == 5
    assert done[named("trailbook_commit_requests_sum")] == 3
    assert done[named("trailbook_commit_seconds_count")] == 1
    assert 0 < done[named("trailbook_commit_seconds_sum")] < 60
    assert 0 <= done[named("trailbook_lock_wait_seconds_sum")] < 60


def test_the_runbook_explains_every_number_and_no_other(client: httpx.Client) -> None:
    told = set(re.findall(r"trailbook_[a-z_]+", RUNBOOK.read_text(encoding="utf-8")))
    families = text_string_to_metric_families(client.get("/metrics").text)
    measured = {family.name + ("_total" if family.type == "counter" else "") for family in families}
    # When a counter began is told beside it by the library.
    measured = {name for name in measured if not name.endswith("_created")}

    assert told == measured


def test_nothing_that_was_sent_is_in_it(client: httpx.Client) -> None:
    publish(client)
    canary = {"subject": "canary-1", "source": "canary-2", "type": "canary.3", "data": {"canary-4": "canary-5"}}
    send(client, event("canary-6", **canary), ONE)  # type: ignore[arg-type]
    send(client, event("canary-6", **canary | {"data": {}}), ONE)  # type: ignore[arg-type]
    for path in ("/v1/customers/canary-1", "/v1/journeys/canary-7/board", "/canary-8?canary-9=canary-10"):
        client.get(path, headers={"canary-11": "canary-12"})

    assert "canary" not in client.get("/metrics").text


def test_without_a_database_it_says_so_and_so_does_readiness(wired: Service, client: httpx.Client) -> None:
    assert client.get("/readyz").text == "ok"

    wired.pool.close()

    assert scraped(client)[named("trailbook_database_up")] == 0
    assert not [name for name, _ in scraped(client) if name.startswith("trailbook_lag")]
    assert client.get("/livez").text == "ok"
    away = client.get("/readyz")
    assert (away.status_code, away.json()["type"]) == (503, "urn:trailbook:problem:not-ready")
    assert away.headers["retry-after"]
    assert [fault["reason"] for fault in away.json()["errors"]] == ["The database does not answer."]


def test_it_is_not_ready_under_a_schema_of_another_release(client: httpx.Client, database: str) -> None:
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute("insert into schema_migrations (number, name, hash) values (9999, 'later', '')")

        refused = client.get("/readyz")

    assert refused.status_code == 503
    assert "number 9999" in refused.text


def test_it_is_not_ready_while_somebody_keeps_the_log_to_himself(client: httpx.Client, database: str) -> None:
    with psycopg.connect(database) as other:
        other.execute("select pg_advisory_xact_lock(8241001)")

        refused = client.get("/readyz")

    assert refused.status_code == 503
    assert "No writer comes to the log" in refused.text
    assert client.get("/readyz").status_code == 200


def test_what_fails_without_an_answer_counts_as_500() -> None:
    told: list[Answered] = []

    async def nothing(*_: Any) -> Any: ...

    async def fails(*_: Any) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(Observed(fails, [told.append])({"type": "http", "method": "GET"}, nothing, nothing))

    assert [(answered.route, answered.status) for answered in told] == [(NOWHERE, 500)]


def test_two_apps_count_each_for_themselves() -> None:
    first, second = Metrics(Mock()), Metrics(Mock())

    first.answered(Answered("GET", "/livez", 200, 0.1, None))

    labels = {"route": "/livez", "method": "GET", "status": "200"}
    assert first.registry.get_sample_value("trailbook_http_request_seconds_count", labels) == 1
    assert second.registry.get_sample_value("trailbook_http_request_seconds_count", labels) is None


ANOTHER_PROCESS = """
from unittest.mock import Mock
from api.metrics import COUNTED_TOGETHER, Metrics
from api.observed import Answered

Metrics(Mock()).answered(Answered("GET", "/livez", 200, 0.1, None))
"""

ALL_OF_THEM = """
import sys
from pathlib import Path
from prometheus_client import generate_latest
from api.metrics import counted_by_all

print(generate_latest(counted_by_all(Path(sys.argv[1]))).decode())
"""


def test_processes_behind_one_door_are_counted_together(tmp_path: Path) -> None:
    environment = {**os.environ, COUNTED_TOGETHER: str(tmp_path)}
    for _ in range(2):
        subprocess.run([sys.executable, "-c", ANOTHER_PROCESS], env=environment, check=True)

    said = subprocess.run(
        [sys.executable, "-c", ALL_OF_THEM, str(tmp_path)], env=environment, stdout=subprocess.PIPE, check=True
    )

    labels = {"route": "/livez", "method": "GET", "status": "200"}
    assert numbers(said.stdout.decode())[named("trailbook_http_request_seconds_count", **labels)] == 2
    assert not list(tmp_path.glob("gauge_live*"))
