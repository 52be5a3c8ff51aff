"""Versions of a rulebook over HTTP: based on the newest, in force for a span, felt by customers at that instant."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from api.wiring import Service
from tests.api.test_service import RULEBOOK, event, send
from tests.following import follow

SLOWER: dict[str, Any] = RULEBOOK | {
    "moves": [{"id": "go", "from": "A", "to": "B", "after": "50d", "since": {"last": "x"}}]
}
URL = "/v1/journeys/j/rulebooks"


def publish(client: httpx.Client, document: Any, based_on: str | None, **more: Any) -> httpx.Response:
    headers = {"If-None-Match": "*"} if based_on is None else {"If-Match": based_on}
    return client.post(URL, json={"document": document, "because": "a test", **more}, headers=headers)


def test_a_second_version_is_based_on_the_first_and_ends_its_span(client: httpx.Client) -> None:
    first = publish(client, RULEBOOK, None, effective_from=None)
    second = publish(client, SLOWER, first.headers["ETag"], effective_from="2100-01-01T00:00:00Z")

    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json()["version"] == 2
    spans = [item["in_force"] for item in client.get(URL).json()["items"]]
    assert spans == [
        {"from": None, "until": "2100-01-01T00:00:00Z"},
        {"from": "2100-01-01T00:00:00Z", "until": None},
    ]
    assert client.get(f"{URL}/2").headers["ETag"] == second.headers["ETag"]


def test_the_same_publication_under_one_key_is_made_once(client: httpx.Client) -> None:
    first = publish(client, RULEBOOK, None, effective_from=None).headers["ETag"]
    asked = {"document": SLOWER, "because": "slower"}
    headers = {"If-Match": first, "Idempotency-Key": "again"}

    answers = [client.post(URL, json=asked, headers=headers) for _ in range(3)]
    other = client.post(URL, json=asked | {"because": "another"}, headers=headers)

    assert [answer.status_code for answer in answers] == [201, 200, 200]
    assert {answer.headers["ETag"] for answer in answers} == {answers[0].headers["ETag"]}
    assert {answer.json()["position"] for answer in answers} == {answers[0].json()["position"]}
    assert other.status_code == 409
    assert len(client.get(URL).json()["items"]) == 2


def test_two_at_once_under_one_key_make_one_version(client: httpx.Client) -> None:
    asked = {"document": RULEBOOK, "because": "first", "effective_from": None}
    headers = {"If-None-Match": "*", "Idempotency-Key": "again"}

    with ThreadPoolExecutor(8) as eight:
        answers = list(eight.map(lambda _: client.post(URL, json=asked, headers=headers), range(8)))

    assert {answer.json()["version"] for answer in answers} == {1}
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert len(client.get(URL).json()["items"]) == 1


def test_a_member_that_is_not_known_is_named(client: httpx.Client) -> None:
    refused = publish(client, RULEBOOK, None, retroactve=True)

    assert refused.status_code == 422
    assert refused.json()["errors"] == [
        {"reason": "That is not known here.", "pointer": "/retroactve", "severity": "error"}
    ]


def test_a_version_based_on_another_is_refused(client: httpx.Client) -> None:
    first = publish(client, RULEBOOK, None, effective_from=None).headers["ETag"]
    publish(client, SLOWER, first)

    assert publish(client, SLOWER, first).status_code == 412
    assert publish(client, SLOWER, '"7-nothing"').status_code == 412
    assert publish(client, SLOWER, None).status_code == 412
    assert len(client.get(URL).json()["items"]) == 2


def test_a_first_version_cannot_be_based_on_one(client: httpx.Client) -> None:
    assert publish(client, RULEBOOK, '"1-x"').status_code == 412


def test_the_past_must_be_asked_for_by_name(client: httpx.Client) -> None:
    first = publish(client, RULEBOOK, None, effective_from=None).headers["ETag"]
    past = "2026-03-05T00:00:00Z"

    assert publish(client, SLOWER, first, effective_from=past).status_code == 422
    assert publish(client, SLOWER, first, effective_from=past, retroactive="yes").status_code == 422
    assert publish(client, SLOWER, first, effective_from=None).status_code == 422
    assert publish(client, SLOWER, first, effective_from=past, retroactive=True).status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"document": RULEBOOK},
        {"document": RULEBOOK, "because": " "},
        {"document": RULEBOOK, "because": "x", "effective_from": 5},
        {"document": RULEBOOK, "because": "x", "effective_from": "soon"},
        {"document": RULEBOOK | {"extra": 10**15}, "because": "x"},
        {"document": RULEBOOK | {"journey": "other"}, "because": "x"},
        {"document": "journey: [", "because": "x"},
        {"document": 5, "because": "x"},
        {"document": None, "because": "x"},
    ],
)
def test_what_cannot_be_published_is_told(client: httpx.Client, body: Any) -> None:
    answer = client.post(URL, json=body, headers={"If-None-Match": "*"})

    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert client.get(URL).status_code == 404


def test_customers_feel_a_version_when_it_comes_into_force_and_beliefs_stay(
    client: httpx.Client, wired: Service
) -> None:
    first = publish(client, RULEBOOK, None, effective_from=None).headers["ETag"]
    send(client, [event(1)])
    before = wired.log.reading.head()
    publish(client, SLOWER, first, effective_from="2026-03-03T00:00:00Z", retroactive=True)
    follow(wired.pool, wired.log.reading)
    cut = {"as_of": "2026-03-10T00:00:00Z"}
    url = "/v1/customers/c1/journeys/j"

    now = client.get(url, params=cut).json()
    then = client.get(url, params=cut | {"known_position": before}).json()
    alone = client.get(url, params=cut | {"rulebook": 1}).json()
    board = client.get("/v1/journeys/j/board", params=cut).json()

    assert (now["stage"], now["rulebook"]) == ("A", 2)
    assert (then["stage"], then["rulebook"]) == ("B", 1)
    assert alone["stage"] == "B"
    assert {column["stage"]: column["count"] for column in board["columns"]} == {"A": 1, "B": 0}
