"""The list of a day over HTTP: of today and of a past day, as known now and as it was shown; and working it."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import psycopg
import pytest

from api.app import create_app
from api.wiring import Service
from domain.facts import Fact
from domain.instants import Instant, instant, rfc_3339
from tests.api.served import served
from tests.api.test_lists import follow
from tests.api.test_service import KEY

RULEBOOK: dict[str, Any] = {
    "journey": "j",
    "timezone": "Asia/Shanghai",
    "stages": [{"id": "A", "initial": True}],
    "opportunities": [
        {
            "id": "call",
            "kind": "call",
            "title": {"zh": "想通话", "en": "Wants a call"},
            "when": {"fact": "asked"},
            "rank": 60,
            "open_for": "9d",
            "ageing": {"add": 10, "per": "1d"},
        },
        {"id": "price", "kind": "chat", "when": {"fact": "clicked"}, "rank": 40},
        {"id": "hello", "kind": "chat", "when": {"fact": "wrote"}, "rank": 30},
    ],
}


def local(day: int, hour: int) -> Instant:
    """An hour of a day of March in Shanghai."""
    return instant(f"2026-03-{day:02d}T{hour:02d}:00:00+08:00")


@pytest.fixture
def it_is(database: str) -> Iterator[Callable[[Instant], None]]:
    """Sets the database's clock."""
    with psycopg.connect(database, autocommit=True) as owner:

        def set_to(now: Instant) -> None:
            clock = (
                f"create or replace function instant_now() returns bigint language sql volatile return {now}::bigint"
            )
            owner.execute(clock.encode())

        yield set_to


@pytest.fixture
def client(wired: Service, it_is: Callable[[Instant], None]) -> Iterator[httpx.Client]:
    it_is(local(1, 8))
    headers = {"Authorization": f"Bearer {KEY}"}
    with served(create_app(wired)) as address, httpx.Client(base_url=address, headers=headers, timeout=20) as client:
        published = client.post(
            "/v1/journeys/j/rulebooks",
            json={"document": RULEBOOK, "because": "a test", "effective_from": None},
            headers={"If-None-Match": "*"},
        )
        assert published.status_code == 201, published.text
        yield client


@pytest.fixture
def learn(wired: Service, it_is: Callable[[Instant], None]) -> Callable[..., None]:
    """Facts of a customer, happened and learned at an instant."""
    number = iter(range(1000))

    def learned(at: Instant, customer: str, type: str, happened: Instant | None = None, **data: Any) -> None:
        it_is(at)
        wired.log.intake.append([[Fact("s", str(next(number)), type, customer, happened or at, data=data)]])
        follow(wired)

    return learned


def listed(client: httpx.Client, **asked: Any) -> list[tuple[Any, ...]]:
    answer = client.get("/v1/opportunities", params=asked)
    assert answer.status_code == 200, answer.text
    return [
        (card["customer"], card["kind"], card["rank"], [reason["rule"] for reason in card["reasons"]])
        for card in answer.json()["items"]
    ]


def test_the_list_of_today_is_ranked_with_reasons_and_age(client: httpx.Client, learn: Callable[..., None]) -> None:
    learn(local(1, 9), "c1", "contact.added", staff="ai")
    learn(local(1, 9), "c1", "wrote")
    learn(local(1, 10), "c1", "clicked")
    learn(local(2, 12), "c2", "asked")
    learn(local(3, 15), "c1", "asked")

    # Of equal rank, who has waited longest comes first.
    assert listed(client) == [
        ("c2", "call", 60, ["call"]),
        ("c1", "call", 60, ["call"]),
        ("c1", "chat", 40, ["price", "hello"]),
    ]
    assert listed(client, on="2026-03-03") == listed(client)
    (first, *_) = client.get("/v1/opportunities").json()["items"]
    assert (first["customer"], first["rank"], first["age"], first["open"]) == ("c2", 60, "12h", True)
    assert first["reasons"][0]["title"] == {"zh": "想通话", "en": "Wants a call"}
    assert listed(client, kind="chat") == [("c1", "chat", 40, ["price", "hello"])]
    assert listed(client, staff="ai", kind="call") == [("c1", "call", 60, ["call"])]
    assert listed(client, journey="j", on="2026-03-01") == [("c1", "chat", 40, ["price", "hello"])]


def test_a_past_day_is_told_as_known_now_and_as_it_was_shown(client: httpx.Client, learn: Callable[..., None]) -> None:
    learn(local(1, 9), "c1", "asked")
    shown_then = rfc_3339(local(2, 9))
    learn(local(3, 9), "c1", "opportunity.done", happened=local(1, 20), journey="j", rule="call")
    learn(local(3, 9), "late", "asked", happened=local(2, 7))

    assert listed(client, on="2026-03-02") == [("late", "call", 60, ["call"])]
    assert listed(client, on="2026-03-02", known_at=shown_then) == [("c1", "call", 60, ["call"])]
    answer = client.get("/v1/opportunities", params={"on": "2026-03-02", "known_at": shown_then}).json()
    assert (answer["as_of"], answer["known_at"], answer["position"]) == (shown_then, shown_then, 2)


def test_a_day_ahead_is_a_forecast(client: httpx.Client, learn: Callable[..., None]) -> None:
    learn(local(1, 9), "c1", "asked")

    days = {day: listed(client, on=f"2026-03-{day:02d}") for day in (5, 10, 11)}

    assert days == {5: [("c1", "call", 90, ["call"])], 10: [("c1", "call", 140, ["call"])], 11: []}


def test_done_on_a_card_works_all_its_reasons(
    client: httpx.Client, learn: Callable[..., None], wired: Service, it_is: Callable[[Instant], None]
) -> None:
    learn(local(1, 9), "c1", "wrote")
    learn(local(1, 10), "c1", "clicked")
    (card,) = client.get("/v1/opportunities").json()["items"]
    it_is(local(1, 11))

    done = client.post(f"/v1/opportunities/{card['id']}/done")
    follow(wired)

    assert done.status_code == 201, done.text
    (after,) = client.get("/v1/opportunities").json()["items"]
    assert (after["id"], after["open"]) == (card["id"], False)
    assert {reason["ended"]["by"] for reason in after["reasons"]} == {"opportunity.done"}
    assert listed(client, on="2026-03-02") == []


def test_a_snoozed_card_is_hidden_until_then(
    client: httpx.Client, learn: Callable[..., None], wired: Service, it_is: Callable[[Instant], None]
) -> None:
    learn(local(1, 9), "c1", "asked")
    (card,) = client.get("/v1/opportunities").json()["items"]

    client.post(f"/v1/opportunities/{card['id']}/snooze", json={"until": rfc_3339(local(3, 8))})
    follow(wired)

    assert listed(client) == []
    it_is(local(3, 9))
    follow(wired)
    assert listed(client) == [("c1", "call", 70, ["call"])]


def test_a_long_list_comes_in_pages_of_one_moment(client: httpx.Client, learn: Callable[..., None]) -> None:
    for number in range(5):
        learn(local(1, 9 + number), f"c{number}", "asked")
    found: list[str] = []
    answer = client.get("/v1/opportunities", params={"limit": 2})
    learn(local(1, 20), "newcomer", "asked")
    while True:
        found += [card["customer"] for card in answer.json()["items"]]
        if answer.json()["next"] is None:
            break
        answer = client.get(answer.links["next"]["url"])

    assert found == ["c0", "c1", "c2", "c3", "c4"]


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"journey": "none"}, 404),
        ({"on": "yesterday"}, 422),
        ({"on": "2026-13-01"}, 422),
        ({"on": "0001-01-01"}, 422),
        ({"on": "20260301"}, 422),
        ({"known_at": "2999-01-01T00:00:00Z"}, 422),
        ({"known_at": "now"}, 422),
        ({"cursor": "x"}, 422),
        ({"cursor": "999999999999999999.1"}, 422),
        ({"cursor": "1.²"}, 422),
    ],
)
def test_what_cannot_be_asked_is_refused(client: httpx.Client, asked: dict[str, str], status: int) -> None:
    assert client.get("/v1/opportunities", params=asked).status_code == status
