"""Lists and boards over HTTP, fed by a follower."""

import httpx
import pytest

from api.wiring import Service
from domain.facts import Fact
from domain.instants import DAY, instant
from tests.api.test_service import publish
from tests.following import follow as follow_all

MARCH_1 = instant("2026-03-01T00:00:00Z")


@pytest.fixture
def client(client: httpx.Client) -> httpx.Client:
    publish(client)
    return client


def follow(wired: Service) -> None:
    follow_all(wired.pool, wired.log.reading)


def store(wired: Service, count: int) -> None:
    """The n-th customer has a fact and a seller since the n-th day of March."""
    facts = [
        Fact("s", f"{kind}{n}", kind, f"c{n:02d}", MARCH_1 + n * DAY, data={"staff": f"s{n % 2}"})
        for n in range(count)
        for kind in ("x", "staff.assigned")
    ]
    wired.log.intake.append([facts])


def names(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return sorted(item["customer"] for item in answer.json()["items"])


def test_customers_are_listed_by_stage_tag_staff_and_part_of_the_id(client: httpx.Client, wired: Service) -> None:
    store(wired, 4)
    follow(wired)

    assert names(client.get("/v1/customers", params={"journey": "j", "stage": "B"})) == ["c00", "c01", "c02", "c03"]
    assert names(client.get("/v1/customers", params={"stage": "A"})) == []
    assert names(client.get("/v1/customers", params={"tag": "hot", "staff": "s1"})) == ["c01", "c03"]
    assert names(client.get("/v1/customers", params={"q": "C02"})) == ["c02"]
    assert client.get("/v1/customers", params={"journey": "none"}).status_code == 404


def test_a_list_is_paged_without_losing_or_doubling_anybody(client: httpx.Client, wired: Service) -> None:
    store(wired, 7)
    follow(wired)
    found: list[str] = []
    answer = client.get("/v1/customers", params={"limit": 3})
    while True:
        found += names(answer)
        if "next" not in answer.links:
            break
        answer = client.get(answer.links["next"]["url"])

    assert sorted(found) == [f"c{n:02d}" for n in range(7)]


def test_the_board_counts_as_of_a_day_and_pages_a_stage(client: httpx.Client, wired: Service) -> None:
    store(wired, 30)
    follow(wired)

    board = client.get("/v1/journeys/j/board", params={"as_of": "2026-03-30T00:00:00Z"}).json()
    first = next(column for column in board["columns"] if column["stage"] == "B")
    rest = client.get(
        "/v1/journeys/j/stages/B/customers", params={"as_of": "2026-03-30T00:00:00Z", "cursor": first["cursor"]}
    )

    assert {column["stage"]: column["count"] for column in board["columns"]} == {"A": 5, "B": 25}
    assert len(first["cards"]) + len(rest.json()["items"]) == 25
    assert {card["customer"] for card in first["cards"]}.isdisjoint(names(rest))
    assert client.get("/v1/journeys/j/stages/B/customers", params={"cursor": "junk"}).status_code == 422
    assert client.get("/v1/journeys/j/stages/nowhere/customers").status_code == 404


def test_a_read_waits_for_the_projections_and_says_when_they_do_not_come(client: httpx.Client, wired: Service) -> None:
    store(wired, 1)
    follow(wired)
    head = wired.log.reading.head()

    assert client.get("/v1/journeys/j/board", params={"after_position": head}).status_code == 200
    late = client.get("/v1/journeys/j/board", params={"after_position": head + 1})
    assert (late.status_code, late.headers["retry-after"]) == (503, "1")
