"""The addresses of Segment's clients over HTTP: what is stored, what is refused and how, keys and gzip."""

import gzip
import json
from base64 import b64encode
from typing import Any

import httpx
import pytest

from api.facts import LARGEST_BODY
from api.keyring import Wanted
from api.segment_gzip import NotGzip, unpacked
from api.wiring import Service
from domain.instants import DAY
from domain.refusals import TooLarge
from tests.api.test_erased import erase
from tests.api.test_service import KEY, event, publish, send

BATCH = "/v1/batch"


def track(number: int, **more: Any) -> dict[str, Any]:
    return {
        "type": "track",
        "messageId": f"m-{number}",
        "userId": "c1",
        "event": "Plan Chosen",
        "properties": {"plan": number},
        "timestamp": f"2026-03-01T00:00:0{number % 10}Z",
        **more,
    }


def sent(*messages: Any) -> dict[str, Any]:
    return {"batch": messages, "sentAt": "2026-03-01T00:00:09Z"}


def stored(client: httpx.Client) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.get("/v1/facts").json()["items"]
    return items


def test_a_batch_is_stored_once_however_often_it_is_sent(client: httpx.Client) -> None:
    identify = {"messageId": "m-0", "userId": "c1", "traits": {"city": "杭州"}, "timestamp": "2026-03-01T00:00:01Z"}

    first = client.post(BATCH, json=sent(track(1), {"type": "identify", **identify}))
    again = client.post(BATCH, json=sent(track(1)) | {"sentAt": "2026-03-01T00:01:00Z"})
    alone = client.post("/v1/identify", json=identify)
    empty = client.post(BATCH, json=sent())

    assert [answer.status_code for answer in (first, again, alone, empty)] == [200] * 4
    assert first.json() == {"success": True, "accepted": 2, "duplicates": 0, "position": 2}
    assert again.json() == {"success": True, "accepted": 0, "duplicates": 1, "position": 1}
    assert alone.json() == {"success": True, "accepted": 0, "duplicates": 1, "position": 2}
    assert empty.json() == {"success": True, "accepted": 0, "duplicates": 0, "position": 0}
    assert [fact["type"] for fact in stored(client)] == ["Plan Chosen", "profile.changed"]
    assert client.get("/v1/customers/c1").json()["profile"] == {"city": "杭州"}


def test_what_is_refused_leaves_nothing_and_says_what_the_clients_read(client: httpx.Client) -> None:
    send(client, [event(1)])
    client.post("/v1/track", json=track(1))
    tiny = json.dumps(sent(track(2)))
    refused: list[tuple[str, Any, int, str]] = [
        (BATCH, "{oops", 400, "not-json"),
        (BATCH, tiny.replace('"plan": 2', '"plan": 1, "plan": 2'), 400, "not-json"),
        (BATCH, tiny.replace('"plan": 2', '"plan": 1234567890123456'), 422, "facts-unfit"),
        (BATCH, "[]", 422, "facts-unfit"),
        (BATCH, '{"batch": {}}', 422, "facts-unfit"),
        (BATCH, json.dumps(sent(track(2), track(3, timestamp=None))), 422, "facts-unfit"),
        (BATCH, json.dumps(sent(track(2), track(1, event="Another"))), 409, "facts-conflict"),
        (BATCH, json.dumps(sent(*map(track, range(2, 1003)))), 413, "too-large"),
        (BATCH, json.dumps(sent(track(2), track(3, properties={"text": "x" * 300_000}))), 413, "too-large"),
        (BATCH, " " * (LARGEST_BODY + 1), 413, "too-large"),
        ("/v1/track", json.dumps(track(2, type="page")), 422, "facts-unfit"),
    ]
    for path, body, status, code in refused:
        answer = client.post(path, content=body.encode(), headers={"Content-Type": "application/json"})
        problem = answer.json()
        assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code), (body[:80], problem)
        assert problem["type"] == f"urn:trailbook:problem:{code}"
        assert problem["message"].startswith(problem["title"])
    other = client.post(BATCH, content=tiny.encode(), headers={"Content-Type": "text/plain"})
    assert (other.status_code, other.json()["code"]) == (415, "not-accepted-type")

    assert [fact["id"] for fact in stored(client)] == ["1", "m-1"]


def test_a_fault_is_told_with_the_index_of_its_message(client: httpx.Client) -> None:
    problem = client.post(BATCH, json=sent(track(1), track(2, properties={"a": ["\0"]}), 7)).json()

    assert [(fault["index"], fault["pointer"]) for fault in problem["errors"]] == [(1, "/properties/a/0"), (2, "")]
    assert "item 1, /properties/a/0: A text must not contain NUL" in problem["message"]


def test_a_message_of_the_erased_is_refused_so_that_no_client_sends_it_again(
    client: httpx.Client, wired: Service, database: str
) -> None:
    """Segment's client takes a 410 for something that passes."""
    publish(client)
    client.post("/v1/track", json=track(1))
    erase(wired, database)

    answer = client.post(BATCH, json=sent(track(2, userId="c2"), track(3)))

    assert (answer.status_code, [fault["index"] for fault in answer.json()["errors"]]) == (422, [1])
    assert "This customer was erased" in answer.json()["message"]


def test_a_key_is_the_name_of_a_user_or_a_bearers_and_needs_the_right(client: httpx.Client, wired: Service) -> None:
    (_, ingest), (_, seller) = (
        wired.keys.add(wanted, by=None) for wanted in (Wanted("ingest"), Wanted("seller", "li"))
    )
    no_base64, no_colon, no_ascii = "Basic %", f"Basic {b64encode(ingest.encode()).decode()}", "Basic 5L2g5aW9"
    ways = {
        f"Bearer {ingest}": 200,
        "Basic " + b64encode(f"{ingest}:".encode()).decode(): 200,
        "basic " + b64encode(f"{KEY}:anything".encode()).decode(): 200,
        "Basic " + b64encode(f"{seller}:".encode()).decode(): 403,
        "Basic " + b64encode(b"tb_guess:").decode(): 401,
        no_base64: 401,
        no_colon: 401,
        no_ascii: 401,
        "Digest x": 401,
        "": 401,
    }
    del client.headers["Authorization"]
    for way, status in ways.items():
        answer = client.post("/v1/track", json=track(1), headers={"Authorization": way} if way else {})
        assert answer.status_code == status, way
        assert status == 200 or answer.json()["code"] == {401: "not-authenticated", 403: "not-allowed"}[status]


def test_what_commands_make_needs_an_administrator(client: httpx.Client, wired: Service) -> None:
    _, ingest = wired.keys.add(Wanted("ingest"), by=None)
    by_hand = track(1, event="stage.set", properties={"journey": "j", "stage": "B"})

    refused = client.post(BATCH, json=sent(by_hand), headers={"Authorization": f"Bearer {ingest}"})

    assert (refused.status_code, refused.json()["code"]) == (403, "not-allowed")
    assert client.post(BATCH, json=sent(by_hand)).json()["accepted"] == 1


def test_a_source_is_the_system_that_the_key_is_labelled_with_and_outlives_the_key(
    client: httpx.Client, wired: Service
) -> None:
    shop, secret = wired.keys.add(Wanted("ingest", label="shop"), by=None)
    _, other = wired.keys.add(Wanted("ingest", label="app"), by=None)
    _, rotated = wired.keys.rotate(shop.id, DAY, None, by=None)
    for key in (secret, rotated, other):
        client.post(BATCH, json=sent(track(1)), headers={"Authorization": f"Bearer {key}"})
    client.post(BATCH, json=sent(track(1)))

    assert [fact["source"] for fact in stored(client)] == ["segment/shop", "segment/app", "segment"]


@pytest.mark.parametrize(
    ("packed", "refusal"),
    [
        (gzip.compress(bytes(50_000_000)), TooLarge),
        (gzip.compress(bytes(LARGEST_BODY + 1)), TooLarge),
        (gzip.compress(b"{}")[:-1], NotGzip),
        (gzip.compress(b"{}") + b"more", NotGzip),
        (b"{}", NotGzip),
        (b"", NotGzip),
    ],
    ids=["bomb", "a byte too many", "cut off", "with a tail", "not packed", "nothing"],
)
def test_what_is_no_gzip_or_too_much_is_not_unpacked(packed: bytes, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        unpacked(packed, LARGEST_BODY)


def test_gzip_is_taken_up_to_the_limit() -> None:
    assert unpacked(gzip.compress(bytes(LARGEST_BODY)), LARGEST_BODY) == bytes(LARGEST_BODY)


def test_other_encodings_are_not_taken_and_gzip_nowhere_else(client: httpx.Client) -> None:
    body, media = json.dumps(sent(track(1))).encode(), {"Content-Type": "application/json"}

    taken = client.post(BATCH, content=gzip.compress(body), headers={**media, "Content-Encoding": "GZIP"})
    bomb = client.post(BATCH, content=gzip.compress(bytes(50_000_000)), headers={**media, "Content-Encoding": "gzip"})
    other = client.post(BATCH, content=body, headers={**media, "Content-Encoding": "br"})
    elsewhere = client.post("/v1/facts", content=gzip.compress(json.dumps(event(1)).encode()), headers={
        "Content-Type": "application/cloudevents+json", "Content-Encoding": "gzip",
    })  # fmt: skip

    assert [answer.status_code for answer in (taken, bomb, other, elsewhere)] == [200, 413, 415, 400]
