"""The service as a client meets it: facts in, standings out, on a real Postgres."""

import json
from typing import Any
from urllib.parse import quote

import httpx
import pytest

KEY = "tb_" + "k" * 40
ONE, BATCH, LINES = "application/cloudevents+json", "application/cloudevents-batch+json", "application/x-ndjson"
RULEBOOK = {
    "journey": "j",
    "stages": [{"id": "A", "initial": True}, {"id": "B"}],
    "tags": [{"id": "hot", "when": {"fact": "x"}, "add": "hot"}],
    "moves": [{"id": "go", "from": "A", "to": "B", "after": "5d", "since": {"last": "x"}}],
}


def event(number: int, day: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": str(number),
        "source": "s",
        "type": "x",
        "subject": "c1",
        "time": f"2026-03-{day:02d}T00:00:00Z",
        **more,
    }


def send(client: httpx.Client, body: Any, media: str = BATCH) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post("/v1/facts", content=content, headers={"Content-Type": media})


def publish(client: httpx.Client, **more: Any) -> httpx.Response:
    body = {"document": RULEBOOK, "because": "first", "effective_from": None, **more}
    return client.post("/v1/journeys/j/rulebooks", json=body, headers={"If-None-Match": "*"})


def test_all_three_forms_are_stored_and_a_repetition_is_answered_with_its_position(client: httpx.Client) -> None:
    lines = "\n".join(json.dumps(event(number)) for number in (4, 5)).encode()

    assert send(client, event(1), ONE).json() == {"accepted": 1, "duplicates": 0, "position": 1}
    assert send(client, [event(2), event(3)]).json() == {"accepted": 2, "duplicates": 0, "position": 3}
    assert send(client, lines, LINES).json() == {"accepted": 2, "duplicates": 0, "position": 5}
    again = send(client, event(2), ONE)
    assert (again.status_code, again.json()) == (200, {"accepted": 0, "duplicates": 1, "position": 2})


@pytest.mark.parametrize(
    ("body", "media", "status"),
    [
        (b"{oops", ONE, 400),
        (b'{"a": NaN}', ONE, 400),
        ([event(2), event(3, time="yesterday")], BATCH, 422),
        ([event(2), event(3, data=[1])], BATCH, 422),
        ([event(2), event(1, day=9)], BATCH, 409),
        ([event(2), event(2, day=9)], BATCH, 409),
        ([event(2, data={"n": 1e15})], BATCH, 422),
        (b'[{"id": "\\ud800"}]', BATCH, 422),
        (b" " * (1024 * 1024 + 1), BATCH, 413),
        ([event(number) for number in range(2, 1003)], BATCH, 413),
        (event(2), "application/json", 415),
        (event(2, time="2999-01-01T00:00:00Z"), ONE, 422),
    ],
)
def test_what_is_refused_leaves_nothing_behind(client: httpx.Client, body: Any, media: str, status: int) -> None:
    send(client, event(1), ONE)

    refused = send(client, body, media)

    assert refused.status_code == status, refused.text
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["status"] == status
    assert [item["id"] for item in client.get("/v1/facts").json()["items"]] == ["1"]


def test_a_conflict_names_index_and_position(client: httpx.Client) -> None:
    send(client, event(1), ONE)

    (fault,) = send(client, [event(2), event(1, day=9)]).json()["errors"]

    assert (fault["index"], fault["position"]) == (1, 1)


def test_the_standing_answers_both_cuts(client: httpx.Client) -> None:
    assert publish(client).status_code == 201
    send(client, event(1), ONE)
    first = client.get("/v1/customers/c1/journeys/j", params={"as_of": "2026-03-07T00:00:00Z"}).json()
    send(client, event(2, day=4), ONE)
    cut = {"as_of": "2026-03-07T00:00:00Z"}
    now = client.get("/v1/customers/c1/journeys/j", params=cut).json()
    then = client.get("/v1/customers/c1/journeys/j", params=cut | {"known_position": first["position"]}).json()

    assert (first["stage"], now["stage"], then["stage"]) == ("B", "A", "B")
    assert now["next_timer"] == {"at": "2026-03-09T00:00:00Z", "kind": "after", "rule": "go"}
    assert [tag["tag"] for tag in now["tags"]] == ["hot"]


def test_a_forecast_says_so(client: httpx.Client) -> None:
    publish(client)
    send(client, event(1), ONE)

    answer = client.get("/v1/customers/c1/journeys/j", params={"as_of": "2100-01-01T00:00:00Z"}).json()

    assert (answer["stage"], answer["forecast"]) == ("B", True)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/customers/nobody/journeys/j", 404),
        ("/v1/customers/c1/journeys/none", 404),
        ("/v1/customers/c1/journeys/j?rulebook=7", 404),
        ("/v1/customers/c1/journeys/j?known_at=2100-01-01T00:00:00Z", 422),
        ("/v1/customers/c1/journeys/j?as_of=soon", 422),
        ("/v1/facts/99", 404),
        ("/v1/facts?after=-1", 422),
        ("/v1/nothing", 404),
        ("/v1/customers/%00", 404),
        ("/v1/customers/%FF%FE/journeys/j", 404),
        ("/v1/customers?q=%00", 422),
        ("/v1/facts?type=%00", 422),
        ("/v1/journeys/%00/board", 404),
        ("/v1/journeys/j/rulebooks/99999999999999999999", 404),
        ("/v1/facts/99999999999999999999", 404),
        ("/v1/customers/c1/journeys/j?known_position=99", 422),
    ],
)
def test_what_is_not_there_is_a_problem(client: httpx.Client, path: str, status: int) -> None:
    publish(client)
    send(client, event(1), ONE)

    answer = client.get(path)

    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


def test_publishing_says_what_it_is_based_on_and_only_once(client: httpx.Client) -> None:
    body = {"document": RULEBOOK, "because": "first"}

    assert client.post("/v1/journeys/j/rulebooks", json=body).status_code == 428
    assert publish(client, document=RULEBOOK | {"stages": []}).status_code == 422
    assert publish(client).json()["in_force"] == {"from": None, "until": None}
    assert publish(client).status_code == 412


def test_without_a_key_nothing_is_answered(client: httpx.Client) -> None:
    client.headers["Authorization"] = "Bearer tb_guess"

    assert client.get("/v1/facts").status_code == 401
    assert send(client, event(1), ONE).status_code == 401


def test_the_log_is_paged_by_position(client: httpx.Client) -> None:
    send(client, [event(number) for number in range(1, 6)])

    first = client.get("/v1/facts", params={"limit": 2})
    following = client.get(first.links["next"]["url"])

    assert [item["position"] for item in first.json()["items"]] == [1, 2]
    assert [item["position"] for item in following.json()["items"]] == [3, 4]
    assert client.get("/v1/facts", params={"source": "s", "id": "5"}).json()["items"][0]["position"] == 5


def test_a_customer_may_have_any_name(client: httpx.Client) -> None:
    publish(client)
    names = ["a/b", "客户 1", "x?y#z", "../..", "a%2Fb", "😀", "journeys"]
    send(client, [event(number, subject=name) for number, name in enumerate(names)])

    for name in names:
        answer = client.get(f"/v1/customers/{quote(name, safe='')}/journeys/j")
        assert (answer.status_code, answer.json().get("customer")) == (200, name)
