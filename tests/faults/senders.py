"""Senders as the world has them: several at once, each repeating the same request until it is acknowledged."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import httpx

from domain.facts import Fact
from domain.instants import DAY, instant
from tests.faults.ledger import Ledger

SENDERS = 4
CUSTOMERS = 12
TURNS = 60
"""After so many turns other customers come, so that nobody's history grows without end."""
HOUR = DAY // 24
BEGINNING = instant("2025-01-01T00:00:00Z")
PAUSE = 0.02
"""Seconds before the same is sent again."""


@contextmanager
def sending(address: str, key: str, ledger: Ledger, pace: float = 0) -> Iterator[None]:
    """Facts come in all the while, from each sender after ``pace`` seconds of rest.

    At the end every sender finishes the request it is at, or finds nobody there.
    """
    stopping = threading.Event()
    with ThreadPoolExecutor(SENDERS) as several:
        senders = [several.submit(_send_on, address, key, ledger, name, pace, stopping) for name in range(SENDERS)]
        try:
            yield
        finally:
            stopping.set()
        for sender in senders:
            sender.result()


def _send_on(address: str, key: str, ledger: Ledger, sender: int, pace: float, stopping: threading.Event) -> None:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/cloudevents-batch+json"}
    turn = 0
    with httpx.Client(base_url=address, headers=headers, timeout=10) as client:
        while not stopping.wait(pace):
            turn += 1
            request = [a_fact(f"{sender}-{turn}-{number}", turn + number) for number in range(1 + turn % 5)]
            ids = [fact.id for fact in request]
            ledger.intends(ids)
            position = _acked(client, json.dumps([fact.event() for fact in request]), stopping)
            if position is not None:
                ledger.was_acked(ids, position)


def _acked(client: httpx.Client, body: str, stopping: threading.Event) -> int | None:
    """The position at which a request was acknowledged, however often it had to be sent."""
    while True:
        with suppress(httpx.TransportError):
            answer = client.post("/v1/facts", content=body)
            if answer.status_code != 503:
                assert answer.status_code in (200, 201), answer.text
                return int(answer.json()["position"])
        if stopping.wait(PAUSE):
            return None


def a_fact(id: str, turn: int) -> Fact:
    """Time goes on with the turns, so that almost every fact changes where somebody stands; some come late."""
    generation, place = divmod(turn, TURNS)
    hours = place - place * 7 % 28
    kind = "xyz"[turn // CUSTOMERS % 3]
    return Fact("sender", id, kind, f"c{generation}-{turn % CUSTOMERS}", BEGINNING + hours * HOUR)
