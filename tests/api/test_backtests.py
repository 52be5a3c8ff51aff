"""Backtests over HTTP: asked for, refused, listed, read, compared and ended. What runs them is tested elsewhere."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pyarrow as pa
import pytest

from api.app import create_app
from api.keyring import Wanted as WantedKey
from api.settings import Settings
from api.wiring import Service, service
from domain.instants import DAY, Instant, instant
from event_log.connections import reading
from tests.api.backtest_example import example_report
from tests.api.served import served
from tests.api.test_kept_backtests import taken
from tests.api.test_service import KEY, RULEBOOK, event, publish, send
from tests.event_log.given import erase_key

CANDIDATE: dict[str, Any] = {**RULEBOOK, "moves": [{**RULEBOOK["moves"][0], "after": "2d"}]}  # type: ignore[dict-item]
MARCH_1 = instant("2026-03-01T00:00:00Z")
Served = tuple[httpx.Client, Service]
PROBLEM = "urn:trailbook:problem:"


@pytest.fixture(scope="module")
def served_once(database_for_all: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server and one log for all: each test begins without backtests."""
    headers = {"Authorization": f"Bearer {KEY}"}
    with service(Settings(home=tmp_path_factory.mktemp("home")), database_for_all) as wired:
        wired.keys.first_admin(KEY)
        with served(create_app(wired)) as address, httpx.Client(base_url=address, headers=headers) as client:
            assert publish(client).status_code == 201
            yield client, wired


@pytest.fixture
def wired(served_once: Served) -> Service:
    with reading(served_once[1].pool) as connection:
        connection.execute("delete from backtests")
    return served_once[1]


@pytest.fixture
def client(served_once: Served, wired: Service) -> httpx.Client:
    return served_once[0]


def ask(client: httpx.Client, key: str = "", **more: Any) -> httpx.Response:
    headers = {} if not key else {"Idempotency-Key": key}
    return client.post("/v1/backtests", json={"journey": "j", "candidate": CANDIDATE, **more}, headers=headers)


def report(**more: Any) -> dict[str, Any]:
    whole = example_report(customers=2_000, days=4, sellers=2)
    known = {"position": 1, "at": "2026-03-30T04:00:01Z"}
    return {**whole, "known": known, "candidate": {**whole["candidate"], "version": 2, "based_on": 1}, **more}


STEP = ("stage", "since", "at", "kind", "rule", "timer", "version", "origin", "target", "tag", "opportunity", "fact")


def differing(*rows: dict[str, Any]) -> pa.Table:
    """As the core makes it; what a row does not name is null."""
    nothing = {f"{side}_{name}": None for side in ("published", "candidate") for name in STEP}
    return pa.Table.from_pylist([nothing | row for row in rows])


def moved(customer: bytes, side: str, at: Instant, version: int, **more: Any) -> dict[str, Any]:
    step = {"at": at, "kind": "moved", "rule": "go", "timer": "after", "version": version, "origin": "A", "target": "B"}
    return {"customer": customer, **{f"{side}_{name}": value for name, value in step.items()}, **more}


def done(wired: Service, client: httpx.Client, said: dict[str, Any] | None = None, rows: pa.Table | None = None) -> str:
    """The id of a backtest of which this came."""
    id = ask(client).json()["id"]
    _, runner = taken(wired.backtests)
    wired.backtests.finish(UUID(id), runner, said or report(), differing() if rows is None else rows)
    return str(id)


def test_asked_for_it_waits_and_says_what_was_understood(client: httpx.Client) -> None:
    period = {"from": "2026-03-01T08:00:00+08:00", "to": "2026-04-01T00:00:00Z"}
    asked = {
        **period,
        "outcome": {"type": "y", "within": "7d"},
        "vary": {"path": "moves.go.after", "values": ["1d", "3d"]},
    }
    started = ask(client, "", **asked)

    assert started.status_code == 202, started.text
    said = started.json()
    assert started.headers["Location"] == f"/v1/backtests/{said['id']}"
    assert (said["state"], said["report"], said["progress"], said["headline"]) == ("queued", None, None, None)
    assert said["asked"] == {
        **asked,
        "candidate": said["asked"]["candidate"],
        "from": "2026-03-01T00:00:00Z",
    }
    assert json.loads(said["document"]) == CANDIDATE
    assert client.get(started.headers["Location"]).json() == said
    assert client.get("/v1/backtests").json()["items"] == [
        {name: value for name, value in said.items() if name not in ("document", "report")}
    ]


def test_without_a_period_it_is_of_all_history_up_to_now(client: httpx.Client) -> None:
    said = ask(client).json()

    assert said["asked"]["from"] is None
    assert client.get("/v1/journeys/j/rulebooks/1").json()["published_at"] < said["asked"]["to"] <= said["asked_at"]


def test_the_hash_of_a_candidate_is_the_one_that_it_would_be_published_under(client: httpx.Client) -> None:
    said = ask(client, candidate=json.dumps(RULEBOOK)).json()

    assert said["asked"]["candidate"] == client.get("/v1/journeys/j/rulebooks/1").json()["hash"]


UNFIT: list[tuple[dict[str, Any], str]] = [
    ({"journey": None}, "/journey"),
    ({"journey": ["j"]}, "/journey"),
    ({"candidate": {"journey": "j"}}, ""),
    ({"candidate": "journey: ["}, ""),
    ({"candidate": {**CANDIDATE, "journey": "other"}}, "/journey"),
    ({"candidate": {**CANDIDATE, "moves": [{"id": "go", "to": "nowhere", "if": {"seen": "x"}}]}}, "/moves/0/to"),
    ({"candidate": 7}, ""),
    ({"candidate": None}, ""),
    ({"from": "yesterday"}, "/from"),
    ({"from": 7}, "/from"),
    ({"to": "2999-01-01T00:00:00Z"}, "/to"),
    ({"from": "2026-03-02T00:00:00Z", "to": "2026-03-01T00:00:00Z"}, "/to"),
    ({"to": "0001-01-01T00:00:00Z"}, "/to"),
    ({"outcome": "x"}, "/outcome"),
    ({"outcome": {"type": "x"}}, "/outcome/within"),
    ({"outcome": {"type": "", "within": "7d"}}, "/outcome/type"),
    ({"outcome": {"type": "x", "within": "0d"}}, "/outcome"),
    ({"outcome": {"type": "x", "within": "soon", "by": 1}}, "/outcome/by"),
    ({"outcome": {"type": "x", "within": "soon"}}, "/outcome/within"),
    ({"vary": {"path": "moves.go.after", "values": []}}, "/vary/values"),
    ({"vary": {"path": "moves.go.after", "values": "7d"}}, "/vary/values"),
    ({"vary": {"path": "moves.go.after", "values": ["7d", "soon"]}}, "/vary/values/1"),
    ({"vary": {"path": "moves.stop.after", "values": ["7d"]}}, "/vary/path"),
    ({"vary": {"path": 7, "values": ["7d"]}}, "/vary/path"),
    ({"surprise": 1}, "/surprise"),
]
"""What is asked wrongly, and the pointer at it."""


def test_what_is_wrong_is_named_and_nothing_waits(client: httpx.Client) -> None:
    for more, pointer in UNFIT:
        refused = ask(client, **more)

        assert refused.status_code == 422, refused.text
        assert refused.headers["content-type"] == "application/problem+json"
        assert [fault["pointer"] for fault in refused.json()["errors"]] == [pointer], more
    assert client.get("/v1/backtests").json()["items"] == []


def test_a_body_that_is_no_such_thing_is_refused(client: httpx.Client) -> None:
    def sent(body: bytes) -> tuple[int, str]:
        answer = client.post("/v1/backtests", content=body)
        return answer.status_code, answer.json()["type"].removeprefix(PROBLEM)

    assert sent(b"{oops") == (400, "not-json")
    assert sent(b"[]") == (422, "not-understood")
    assert sent(b"{}") == (422, "not-understood")
    assert sent(b'{"journey": "\\u0000", "candidate": ""}') == (422, "not-understood")
    assert sent(b'{"journey": "j", "candidate": "\\ud800"}') == (422, "not-understood")
    assert sent(b" " * (1024 * 1024 + 1)) == (413, "too-large")


def test_a_journey_without_rules_is_not_known(client: httpx.Client) -> None:
    unheard_of = {**CANDIDATE, "journey": "unheard-of"}

    assert ask(client, journey="unheard-of", candidate=unheard_of).status_code == 404


def test_the_same_under_one_key_is_asked_once(client: httpx.Client) -> None:
    first, again, other = ask(client, "k1"), ask(client, "k1"), ask(client, "k1", to="2026-03-02T00:00:00Z")

    assert (first.status_code, again.status_code, other.status_code) == (202, 200, 409)
    assert first.json() == again.json()
    assert other.json()["type"] == f"{PROBLEM}another-backtest-asked"
    assert ask(client).json()["id"] != ask(client).json()["id"]


def test_so_many_wait_and_no_more(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.kept_backtests.MOST_WAITING", 1)

    assert ask(client).status_code == 202
    refused = ask(client)
    assert (refused.status_code, refused.json()["type"]) == (409, f"{PROBLEM}backtests-waiting")


def test_lists_are_paged_by_link_and_by_cursor(client: httpx.Client) -> None:
    ids = [ask(client).json()["id"] for _ in range(5)]

    seen, url = [], "/v1/backtests?limit=2&journey=j"
    while url:
        answer = client.get(url)
        seen += [one["id"] for one in answer.json()["items"]]
        assert ("next" in answer.links) == (answer.json()["next"] is not None)
        url = answer.links["next"]["url"] if answer.links else ""
    assert seen == ids[::-1]
    assert client.get("/v1/backtests?journey=k").json() == {"items": [], "next": None}


def test_a_cursor_that_was_not_given_out_is_refused(client: httpx.Client) -> None:
    for cursor in ("", "x", "-1", "９", "1.5", "9" * 30, "9223372036854775808"):
        for path in ("/v1/backtests", f"/v1/backtests/{uuid4()}/customers"):
            assert client.get(path, params={"cursor": cursor}).status_code == 422


def test_what_is_not_there_is_not_found(client: httpx.Client) -> None:
    id = uuid4()

    for answer in (
        client.get(f"/v1/backtests/{id}"),
        client.get(f"/v1/backtests/{id}/customers"),
        client.get(f"/v1/backtests/{id}/compare/{id}"),
        client.delete(f"/v1/backtests/{id}"),
    ):
        assert (answer.status_code, answer.json()["type"]) == (404, f"{PROBLEM}unknown-backtest")
    assert client.get("/v1/backtests/seven").status_code == 422


def test_its_progress_and_then_its_report_can_be_read(client: httpx.Client, wired: Service) -> None:
    id = ask(client).json()["id"]
    _, runner = taken(wired.backtests)
    wired.backtests.say(UUID(id), runner, {"done": 1, "of": 4, "said": "folding"})
    running = client.get(f"/v1/backtests/{id}").json()
    wired.backtests.finish(UUID(id), runner, report(), differing())
    ended = client.get(f"/v1/backtests/{id}").json()

    assert (running["state"], running["progress"]) == ("running", {"done": 1, "of": 4, "said": "folding"})
    assert running["ended_at"] is None
    assert running["started_at"] >= running["asked_at"]
    assert (ended["state"], ended["report"], ended["progress"]) == ("done", report(), None)
    assert ended["headline"] == {
        "differ": report()["differ"]["customers"],
        "elsewhere": report()["differ"]["elsewhere"],
    }


def test_one_that_waits_is_cancelled_and_one_that_ended_removed(client: httpx.Client) -> None:
    url = ask(client).headers["Location"]

    assert client.delete(url).status_code == 204
    assert client.get(url).json()["state"] == "cancelled"
    assert client.delete(url).status_code == 204
    assert client.get(url).status_code == 404


def test_who_differs_is_named_with_the_step_that_parts_them(client: httpx.Client, wired: Service) -> None:
    send(client, [event(n, subject=f"c{n}", data={"text": "..."}) for n in (1, 2, 3)])
    numbers = [wired.log.reading.number(f"c{n}") for n in (1, 2, 3)]
    assert all(numbers)
    c1, c2, c3 = (number.bytes for number in numbers if number is not None)
    entered = {"published_kind": "entered", "published_rule": "enter", "published_target": "A", "published_fact": 2,
               "published_at": MARCH_1 + 3 * DAY, "published_version": 1}  # fmt: skip
    rows = differing(
        moved(
            c1,
            "candidate",
            MARCH_1 + 2 * DAY,
            2,
            published_stage="A",
            candidate_stage="B",
            published_since=MARCH_1,
            candidate_since=MARCH_1 + 2 * DAY,
        ),
        moved(c2, "candidate", MARCH_1 + 3 * DAY, 2, published_stage="B", candidate_stage="B") | entered,
        moved(c3, "published", MARCH_1 + 5 * DAY, 1, published_stage="B", candidate_stage=None),
    )
    id = done(wired, client, report(differ={"customers": 3, "elsewhere": 2, "first": []}), rows)
    url = f"/v1/backtests/{id}/customers"
    page = client.get(url).json()

    assert (page["total"], page["next"]) == (3, None)
    assert page["items"][0] == {
        "customer": "c1",
        "erased": False,
        "published_stage": "A",
        "candidate_stage": "B",
        "since_published": "2026-03-01T00:00:00Z",
        "since_candidate": "2026-03-03T00:00:00Z",
        "at": "2026-03-03T00:00:00Z",
        "side": "candidate",
        "sentence": {"zh": "2 天没有 x → 从『A』到『B』", "en": "No x for 2 days → moved from A to B"},
    }
    # At one instant it is the candidate's step; the published rules wait five days.
    assert [(one["customer"], one["side"]) for one in page["items"]] == [
        ("c1", "candidate"),
        ("c2", "candidate"),
        ("c3", "published"),
    ]
    assert page["items"][2]["sentence"]["en"] == "No x for 5 days → moved from A to B"

    def listed(**asked: Any) -> list[str]:
        return [one["customer"] for one in client.get(url, params=asked).json()["items"]]

    assert (listed(published="B"), listed(candidate="B"), listed(candidate="")) == (["c2", "c3"], ["c1", "c2"], ["c3"])
    assert listed(published="A", candidate="nowhere") == []
    first = client.get(url, params={"published": "B", "limit": 1})
    assert [one["customer"] for one in first.json()["items"]] == ["c2"]
    assert [one["customer"] for one in client.get(first.links["next"]["url"]).json()["items"]] == ["c3"]


def test_an_erased_customer_stays_in_the_list_without_her_name(
    client: httpx.Client, wired: Service, database_for_all: str
) -> None:
    said = event(9, type="message.received", data={"text": "secret"}, subject="secret-name")
    position = send(client, [said]).json()["position"]
    number = wired.log.reading.number("secret-name")
    assert number is not None
    step = {"candidate_kind": "tag_added", "candidate_rule": "hot", "candidate_tag": "hot", "candidate_fact": position,
            "candidate_at": MARCH_1, "candidate_version": 2}  # fmt: skip
    id = done(wired, client, None, differing({"customer": number.bytes, "candidate_stage": "A"} | step))
    url = f"/v1/backtests/{id}/customers"
    assert client.get(url).json()["items"][0]["customer"] == "secret-name"

    erase_key(database_for_all, "secret-name")

    answer = client.get(url)
    assert (answer.json()["items"][0]["customer"], answer.json()["items"][0]["erased"]) == (None, True)
    assert "secret" not in answer.text
    assert answer.json()["items"][0]["sentence"]["en"].endswith("→ tagged hot")


def test_two_of_one_journey_are_compared_figure_by_figure(client: httpx.Client, wired: Service) -> None:
    more = report(differ={"customers": 500, "elsewhere": 9, "first": []})
    more["stages"] = [{**row, "candidate": row["candidate"] + 1} for row in more["stages"][1:]]
    one, other = done(wired, client), done(wired, client, more)
    answer = client.get(f"/v1/backtests/{one}/compare/{other}").json()

    assert (answer["one"]["id"], answer["other"]["id"]) == (one, other)
    assert answer["alike"] == {"period": True, "known": True, "published": True, "candidate": True}
    assert answer["elsewhere"] == {"one": 116, "other": 9, "more": -107}
    stages = {row["stage"]: row for row in answer["stages"]}
    assert (stages["lead"]["candidate"]["other"], stages["mql"]["candidate"]["more"]) == (0, 1)
    assert answer["outcomes"]["precision"]["more"] == 0
    assert answer["cards"]["both"]["one"] == sum(day["both"] for day in report()["board"]["days"])


def test_what_is_not_done_or_of_another_journey_is_not_compared(client: httpx.Client, wired: Service) -> None:
    ended, waiting = done(wired, client), ask(client).json()["id"]

    refused = client.get(f"/v1/backtests/{ended}/compare/{waiting}")
    assert (refused.status_code, refused.json()["type"]) == (409, f"{PROBLEM}not-comparable")


def test_auditors_look_and_ask_for_nothing_and_sellers_and_ingest_see_nothing(
    client: httpx.Client, wired: Service
) -> None:
    id = done(wired, client)
    calls = [
        ("POST", ""),
        ("GET", ""),
        ("GET", f"/{id}"),
        ("GET", f"/{id}/customers"),
        ("GET", f"/{id}/compare/{id}"),
        ("DELETE", f"/{id}"),
    ]

    def statuses(role: Any) -> list[int]:
        key = wired.keys.add(WantedKey(role, "zhang" if role != "ingest" else None), by=None)[1]
        headers = {"Authorization": f"Bearer {key}"}
        return [
            client.request(method, f"/v1/backtests{path}", headers=headers, json={}).status_code
            for method, path in calls
        ]

    assert statuses("seller") == statuses("ingest") == [403] * 6
    assert statuses("auditor") == [403, 200, 200, 200, 200, 403]
    assert statuses("ops") == [422, 200, 200, 200, 200, 204]
