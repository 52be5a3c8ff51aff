"""Projections and the parked over HTTP, for whoever runs the service."""

import httpx
import pytest

from api.wiring import Service
from domain.facts import Fact
from domain.instants import instant
from tests.api.test_service import publish
from tests.following import follow

MARCH_1 = instant("2026-03-01T00:00:00Z")


@pytest.fixture
def followed(client: httpx.Client, wired: Service) -> httpx.Client:
    publish(client)
    wired.log.intake.append([[Fact("s", str(n), "x", f"c{n}", MARCH_1) for n in range(5)]])
    follow(wired.pool, wired.log.reading)
    return client


def live(client: httpx.Client) -> dict[str, object]:
    (found,) = [one for one in client.get("/v1/projections").json()["items"] if one["state"] == "live"]
    return dict(found)


def park(wired: Service, customer: str, position: int) -> None:
    number = wired.log.reading.number(customer)
    with wired.pool.connections.connection() as connection:
        connection.execute(
            "insert into parked (projection, version, customer, position, reason) "
            "select 'journeys', version, %s, %s, 'KeyError' from projection_versions where state = 'live'",
            [number, position],
        )


def test_it_says_how_far_the_rows_are(followed: httpx.Client, wired: Service) -> None:
    found = live(followed)

    assert (found["name"], found["version"], found["paused"], found["parked"]) == ("journeys", 1, False, 0)
    assert (found["position"], found["behind"]) == (wired.log.reading.head(), 0)


def test_paused_its_rows_stand_still_and_resumed_they_go_on(followed: httpx.Client, wired: Service) -> None:
    assert followed.post("/v1/projections/journeys/pause").status_code == 204
    wired.log.intake.append([[Fact("s", "more", "x", "c1", MARCH_1 + 1)]])
    follow(wired.pool, wired.log.reading)
    assert (live(followed)["paused"], live(followed)["behind"]) == (True, 1)

    assert followed.post("/v1/projections/journeys/resume").status_code == 204
    follow(wired.pool, wired.log.reading)
    assert (live(followed)["paused"], live(followed)["behind"]) == (False, 0)


def test_rebuilding_begins_one_version_whose_rows_are_not_seen(followed: httpx.Client) -> None:
    begun = followed.post("/v1/projections/journeys/rebuild")
    again = followed.post("/v1/projections/journeys/rebuild")

    assert (begun.status_code, again.status_code) == (202, 202)
    states = [(one["version"], one["state"]) for one in again.json()["items"]]
    assert states == [(1, "live"), (2, "building")]
    assert live(followed)["behind"] == 0


def test_there_is_no_way_back_from_the_first_version(followed: httpx.Client) -> None:
    refused = followed.post("/v1/projections/journeys/rebuild?back=true")

    assert (refused.status_code, refused.json()["type"]) == (409, "urn:trailbook:problem:nothing-kept")


@pytest.mark.parametrize("call", ["rebuild", "pause", "resume"])
def test_a_projection_that_is_not_there_is_not_found(client: httpx.Client, call: str) -> None:
    assert client.post(f"/v1/projections/nothing/{call}").status_code == 404


def test_who_is_parked_is_listed_and_tried_again(followed: httpx.Client, wired: Service) -> None:
    park(wired, "c3", 5)
    (listed,) = followed.get("/v1/parked").json()["items"]
    assert (listed["customer"], listed["position"], listed["reason"]) == ("c3", 5, "KeyError")
    assert followed.get("/v1/parked?after=5").json()["items"] == []

    assert followed.post("/v1/parked/5/retry").status_code == 204
    follow(wired.pool, wired.log.reading)

    assert followed.get("/v1/parked").json()["items"] == []
    assert followed.post("/v1/parked/5/retry").status_code == 404


def test_pages_of_the_parked_are_linked(followed: httpx.Client, wired: Service) -> None:
    for n in range(3):
        park(wired, f"c{n}", n + 2)

    first = followed.get("/v1/parked?limit=2")

    assert [one["position"] for one in first.json()["items"]] == [2, 3]
    rest = followed.get(first.links["next"]["url"]).json()
    assert ([one["position"] for one in rest["items"]], rest["next"]) == ([4], None)
