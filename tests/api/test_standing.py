"""Where she stands, asked over HTTP: the short way and the long one give the same bytes."""

import re

import httpx
import pytest

from api.wiring import Service
from tests.api.test_service import event, publish, send
from tests.following import follow

LATER = {"type": "tag.added", "data": {"tag": "vip"}}


@pytest.fixture
def known(client: httpx.Client, wired: Service) -> int:
    """The head: three facts of her were followed, one came after that."""
    publish(client)
    send(client, [event(1, 1), event(2, 3), event(3, 10)])
    follow(wired.pool, wired.log.reading)
    return int(send(client, event(4, 20, **LATER), "application/cloudevents+json").json()["position"])


def test_both_ways_give_the_same_bytes(client: httpx.Client, wired: Service, known: int) -> None:
    assert wired.standing_now.at("c1", "j") is not None
    for day in ("2026-02-01", "2026-03-01", "2026-03-09", "2026-03-20", "2026-04-01", "2099-01-01"):
        asked = {"as_of": f"{day}T00:00:00Z"}

        short = client.get("/v1/customers/c1/journeys/j", params=asked)
        # A cut is answered the long way, this one with all there is.
        long = client.get("/v1/customers/c1/journeys/j", params=asked | {"known_position": str(known)})

        assert (short.status_code, without_known_at(short)) == (200, without_known_at(long))
        assert ("forecast" in short.json()) == (day == "2099-01-01")


def test_of_who_is_erased_only_the_long_way_tells(client: httpx.Client, wired: Service, known: int) -> None:
    with wired.pool.connections.connection() as connection:
        connection.execute("delete from customer_keys")

    assert wired.standing_now.at("c1", "j") is None
    assert client.get("/v1/customers/c1/journeys/j").json()["erased"] is True


def without_known_at(answer: httpx.Response) -> str:
    return re.sub(r'"known_at":"[^"]*"', "", answer.text)
