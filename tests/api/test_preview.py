"""The preview over HTTP and from the command line: what it foretells is what publishing then does."""

import json
import os
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from api.wiring import Service
from domain.refusals import StoreAway
from tests.api.test_commands import trailbook
from tests.api.test_service import RULEBOOK, event, send
from tests.event_log.given import erase_key

URL = "/v1/journeys/j/rulebooks"
NEW: dict[str, Any] = {
    "journey": "j",
    "stages": [{"id": "A", "initial": True}, {"id": "C", "final": True}],
    "moves": [{"id": "go", "from": "A", "to": "C", "if": {"seen": "y"}}],
    "opportunities": [{"id": "card", "kind": "chat", "if": {"seen": "y"}}],
    "renames": {"B": "C"},
}
SOON = "2100-01-01T00:00:00Z"


def preview(client: httpx.Client, document: Any, **more: Any) -> httpx.Response:
    accept = {"Accept": more.pop("accept")} if "accept" in more else {}
    return client.post(f"{URL}/preview", json={"document": document, **more}, headers=accept)


def publish(client: httpx.Client, document: Any, based_on: str | None = None, **more: Any) -> httpx.Response:
    headers = {"If-None-Match": "*"} if based_on is None else {"If-Match": based_on}
    return client.post(URL, json={"document": document, "because": "a test", **more}, headers=headers)


def some_customers(client: httpx.Client) -> None:
    """c0 to c3 have x, c4 and c5 have y; after five days c0 to c3 stand in B."""
    types = ["x", "x", "x", "x", "y", "y"]
    send(client, [event(number, type=type, subject=f"c{number}") for number, type in enumerate(types)])


def stages(client: httpx.Client) -> dict[str, str | None]:
    return {f"c{n}": client.get(f"/v1/customers/c{n}/journeys/j").json()["stage"] for n in range(6)}


def test_what_is_foretold_is_what_publishing_does(client: httpx.Client) -> None:
    first = publish(client, RULEBOOK, effective_from=None)
    some_customers(client)
    before = stages(client)

    report = preview(client, NEW).json()
    publish(client, NEW, first.headers["ETag"])
    after = stages(client)

    assert [(move["from"], move["to"], move["customers"], move["renamed"]) for move in report["moves"]] == [
        ("B", "C", [name for name in sorted(after) if (before[name], after[name]) == ("B", "C")], True)
    ]
    assert report["moves"][0]["customers"] == [f"c{n}" for n in range(6)]
    for row in report["stages"]:
        assert row["now"] == [*before.values()].count(row["stage"])
        assert row["then"] == [*after.values()].count(row["stage"])
    assert report["opportunities"] == {"opened": 2, "closed": 0}
    assert (report["version"], report["based_on"], report["position"]) == (2, 1, 7)
    assert (report["skipped_erased"], report["skipped_damaged"]) == (0, 0)


def test_nothing_is_stored(client: httpx.Client, wired: Service) -> None:
    publish(client, RULEBOOK, effective_from=None)
    some_customers(client)
    preview(client, NEW)

    assert wired.log.reading.head() == 7
    assert len(client.get(URL).json()["items"]) == 1


def test_a_first_version_can_be_previewed(client: httpx.Client) -> None:
    some_customers(client)
    report = preview(client, RULEBOOK, effective_from=None).json()

    assert (report["version"], report["based_on"], report["effective_from"]) == (1, None, None)
    assert [(move["from"], move["to"], move["count"]) for move in report["moves"]] == [(None, "B", 6)]
    assert client.get(URL).status_code == 404


def test_the_past_must_be_asked_for_by_name_here_too(client: httpx.Client) -> None:
    publish(client, RULEBOOK, effective_from=None)
    past = "2026-03-02T00:00:00Z"

    assert preview(client, NEW, effective_from=past).status_code == 422
    assert preview(client, NEW, effective_from=None).status_code == 422
    asked = preview(client, NEW, effective_from=past, retroactive=True)
    assert (asked.status_code, asked.json()["effective_from"]) == (200, past)
    assert asked.json()["as_of"] > past


def test_warnings_are_in_the_report_and_errors_refuse_it(client: httpx.Client) -> None:
    doubtful = NEW | {"moves": [{"id": "go", "from": "A", "to": "C", "if": {"tag": "nobody-sets-it"}}]}
    wrong = NEW | {"moves": [{"id": "go", "from": "A", "to": "nowhere", "if": {"seen": "y"}}]}
    refused = preview(client, wrong)

    assert [found["severity"] for found in preview(client, doubtful).json()["findings"]] == ["warning"]
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/moves/0/to")
    assert preview(client, "journey: [").status_code == 422
    assert preview(client, NEW | {"journey": "other"}).status_code == 422
    assert client.post(f"{URL}/preview", json={}).status_code == 422
    assert client.post(f"{URL}/preview", content=b"{oops").status_code == 400


def test_progress_comes_line_by_line_and_the_report_last(
    client: httpx.Client, wired: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.previewing.TOGETHER", 2)
    some_customers(client)
    answer = preview(client, RULEBOOK, effective_from=SOON, accept="application/x-ndjson")
    *progress, report = map(json.loads, answer.text.splitlines())

    assert answer.headers["content-type"] == "application/x-ndjson"
    assert progress == [{"done": done, "of": 6} for done in (2, 4, 6)]
    assert report == preview(client, RULEBOOK, effective_from=SOON).json()


def test_a_refusal_on_the_way_is_the_last_line(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    some_customers(client)
    monkeypatch.setattr("api.previewing.Preview.take", _away)
    answer = preview(client, RULEBOOK, accept="application/x-ndjson")

    assert json.loads(answer.text.splitlines()[-1])["type"] == "urn:trailbook:problem:store-away"


def _away(*_: object) -> None:
    raise StoreAway()


def test_who_is_erased_and_who_is_damaged_is_skipped_and_counted(client: httpx.Client, database: str) -> None:
    publish(client, RULEBOOK, effective_from=None)
    some_customers(client)
    erase_key(database, "c0")
    _damage(database, "c1")
    report = preview(client, NEW).json()

    assert (report["customers"], report["skipped_erased"], report["skipped_damaged"]) == (4, 1, 1)
    assert report["moves"][0]["customers"] == ["c2", "c3", "c4", "c5"]


def _damage(database: str, subject: str) -> None:
    with psycopg.connect(database) as owner:
        owner.execute(
            "update customer_keys set wrapped_key = %s "
            "where customer = (select customer from customers where subject = %s)",
            [os.urandom(60), subject],
        )


def test_it_needs_the_right_to_publish(client: httpx.Client, database: str) -> None:
    statuses = {}
    for role in ("ingest", "auditor", "seller", "ops"):
        _add_key(database, key := f"tb_{role * 10}", role)
        headers = {"Authorization": f"Bearer {key}"}
        statuses[role] = client.post(f"{URL}/preview", json={"document": RULEBOOK}, headers=headers).status_code

    assert statuses == {"ingest": 403, "auditor": 403, "seller": 403, "ops": 200}


def _add_key(database: str, key: str, role: str) -> None:
    with psycopg.connect(database) as owner:
        owner.execute(
            "insert into api_keys (id, prefix, hash, role, staff) values (%s, %s, %s, %s, %s)",
            [uuid4(), key[:7], sha256(key.encode()).digest(), role, "s" if role == "seller" else None],
        )


def test_the_command_prints_a_table_or_the_report(database: str, client: httpx.Client, tmp_path: Path) -> None:
    environment = {**os.environ, "TRAILBOOK_DATABASE_URL": database, "TRAILBOOK_HOME": str(tmp_path)}
    publish(client, RULEBOOK, effective_from=None)
    some_customers(client)
    book = tmp_path / "rulebook.yaml"
    book.write_text(json.dumps(NEW), encoding="utf-8")

    shown = trailbook(environment, "rulebook", "preview", str(book))
    told = trailbook(environment, "rulebook", "preview", str(book), "--json", "--effective-from", SOON)
    refused = trailbook(environment, "rulebook", "preview", str(book), "--journey", "other")

    assert shown.returncode == 0, shown.stderr
    assert "C (renamed)" in shown.stdout
    assert "6 customers folded, 0 stay" in shown.stdout
    assert "Folding customers" in shown.stderr
    assert json.loads(told.stdout) == preview(client, NEW, effective_from=SOON).json()
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "/journey" in refused.stderr
