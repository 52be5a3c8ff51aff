"""Facts from many senders at once, and behind a lock that is not given up: an answer in time, and a true one."""

import asyncio
import time

import httpx
import psycopg

from tests.api.test_service import ONE, event

IN_TIME = 2.0


async def _posted(client: httpx.Client, numbers: range) -> list[httpx.Response]:
    headers = {**client.headers, "Content-Type": ONE}
    async with httpx.AsyncClient(base_url=client.base_url, headers=headers, timeout=20) as several:
        return list(await asyncio.gather(*(several.post("/v1/facts", json=event(number)) for number in numbers)))


def test_requests_that_come_together_share_transactions(client: httpx.Client, database: str) -> None:
    answers = asyncio.run(_posted(client, range(60)))
    assert {answer.status_code for answer in answers} == {201}
    assert sorted(answer.json()["position"] for answer in answers) == list(range(1, 61))
    with psycopg.connect(database) as connection:
        (transactions,) = connection.execute("select count(distinct recorded_at) from ledger").fetchone() or (0,)
    assert transactions < 50


def test_a_large_body_is_read_beside_the_others(client: httpx.Client) -> None:
    lines = "\n".join(httpx.Request("POST", "http://x", json=event(n)).content.decode() for n in range(500))
    answer = client.post("/v1/facts", content=lines, headers={"Content-Type": "application/x-ndjson"})
    assert answer.json() == {"accepted": 500, "duplicates": 0, "position": 500}


def test_behind_a_lock_that_is_not_given_up_the_answer_is_no_in_time(client: httpx.Client, database: str) -> None:
    assert client.post("/v1/facts", json=event(0), headers={"Content-Type": ONE}).status_code == 201
    with psycopg.connect(database) as holder:
        holder.execute("select pg_advisory_xact_lock(8241001)")
        begun = time.monotonic()
        answers = asyncio.run(_posted(client, range(1, 6)))
        assert time.monotonic() - begun < IN_TIME
    for answer in answers:
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "1"
        assert answer.json()["type"] in ("urn:trailbook:problem:store-busy", "urn:trailbook:problem:store-away")
    again = asyncio.run(_posted(client, range(6)))
    assert sorted((answer.status_code, answer.json()["position"]) for answer in again)[0] == (200, 1)
    assert sorted(answer.json()["position"] for answer in again) == [1, 2, 3, 4, 5, 6]
