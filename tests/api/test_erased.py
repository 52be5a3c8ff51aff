"""Of an erased customer only the trail that her erasure carries can be told, and it is marked."""

import httpx
import psycopg
import pytest

from api.wiring import Service
from domain.facts import ERASED, Fact
from domain.instants import DAY, instant
from domain.journey.erased import carried
from domain.journey.trail import trail
from tests.api.test_lists import follow
from tests.api.test_service import publish

MARCH_1 = instant("2026-03-01T00:00:00Z")


@pytest.fixture
def client(client: httpx.Client) -> httpx.Client:
    publish(client)
    return client


def erase(wired: Service, database: str) -> None:
    """As the command of the issue to come will: the trail goes into the log in the open, then the key is destroyed."""
    reading = wired.log.reading
    facts, now = reading.customer("c1").facts, reading.now()
    kept = carried({"j": trail(facts, wired.versions("j"), now, now)})
    wired.log.intake.append([[Fact("trailbook", "e1", ERASED, "c1", now, data=kept)]])
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute("delete from customer_keys")
    follow(wired)


def test_standing_and_trail_are_told_from_what_was_kept(client: httpx.Client, wired: Service, database: str) -> None:
    wired.log.intake.append([[Fact("s", "1", "x", "c1", MARCH_1)]])
    follow(wired)
    standing, steps = "/v1/customers/c1/journeys/j", "/v1/customers/c1/journeys/j/trail"
    then = {"as_of": "2026-03-02T00:00:00Z"}
    before = [client.get(url, params=cuts).json() for url in (standing, steps) for cuts in ({}, then)]

    erase(wired, database)
    after = [client.get(url, params=cuts).json() for url in (standing, steps) for cuts in ({}, then)]

    assert all(answer.pop("erased") is True for answer in after)
    told = ("stage", "since", "tags", "open", "items")
    assert [{name: answer.get(name) for name in told} for answer in after] == [
        {name: answer.get(name) for name in told} for answer in before
    ]
    assert {answer["stage"] for answer in after[:2]} == {"A", "B"}
    assert client.get("/v1/customers/c1").json()["erased"] is True
    assert client.get(f"{standing}/why").status_code == 410


def test_no_row_of_her_is_left(client: httpx.Client, wired: Service, database: str) -> None:
    facts = [
        Fact("s", "1", "contact.added", "c1", MARCH_1, data={"staff": "ai"}),
        Fact("s", "2", "x", "c1", MARCH_1 + DAY),
    ]
    wired.log.intake.append([facts])
    follow(wired)

    erase(wired, database)

    with psycopg.connect(database) as owner:
        owner.execute("select set_config('search_path', live_versions() || ', public', false)")
        for table in ("standing", "stays", "trail", "opportunities", "sellers", "kept"):
            assert owner.execute(f"select count(*) from {table}".encode()).fetchone() == (0,)
    assert client.get("/v1/customers", params={"journey": "j"}).json()["items"] == []


def test_to_a_seller_she_never_was(client: httpx.Client, wired: Service, database: str) -> None:
    added = Fact("s", "1", "contact.added", "c1", MARCH_1, data={"staff": "ai"})
    wired.log.intake.append([[added, Fact("s", "2", "x", "c1", MARCH_1 + DAY)]])
    follow(wired)
    seller = client.post("/v1/keys", json={"role": "seller", "staff": "ai"}).json()["key"]
    headers = {"Authorization": f"Bearer {seller}"}
    assert client.get("/v1/customers/c1/journeys/j", headers=headers).status_code == 200

    erase(wired, database)

    move = {"from": "A", "stage": "B", "reason": "a test"}
    assert client.get("/v1/customers/c1/journeys/j", headers=headers).status_code == 404
    assert client.post("/v1/customers/c1/journeys/j/stage", json=move, headers=headers).status_code == 404
    assert client.post("/v1/customers/c1/journeys/j/stage", json=move).status_code == 410
