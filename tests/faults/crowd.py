"""A crowd of clients with manners: each sends one fact at a time, and after a 503 waits at least as it was told.

For the others see `senders`: they write a ledger and have no manners.
"""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

from domain.facts import Fact
from tests.faults.senders import BEGINNING

PATIENCE: Final = 10.0
"""Seconds after which a client gives up on an answer; nobody should have to."""


@dataclass(frozen=True, slots=True)
class Answered:
    """``at`` is when it was asked, by the monotonic clock, ``seconds`` how long the answer took; 0 = none came."""

    at: float
    seconds: float
    status: int


@dataclass(slots=True)
class Crowd:
    """``answers`` grows until ``ends``, an instant of the monotonic clock; ``rest``: seconds between two facts.

    Facts of crowds of different names are different.
    """

    name: str
    port: int
    key: str
    size: int
    rest: float
    ends: float = 0.0
    answers: list[Answered] = field(default_factory=list)

    def run(self) -> None:
        """Until the end of it."""
        asyncio.run(self._all())

    def between(self, start: float, end: float) -> Sequence[Answered]:
        return [answer for answer in self.answers if start <= answer.at < end]

    async def _all(self) -> None:
        await asyncio.gather(*(self._one(number) for number in range(self.size)))

    async def _one(self, number: int) -> None:
        chance = Random(number)
        await asyncio.sleep(chance.uniform(0, self.rest))
        turn = 0
        while time.monotonic() < self.ends:
            turn += 1
            request = self._request(Fact(self.name, f"{number}-{turn}", "x", f"c{number}", BEGINNING + turn))
            while time.monotonic() < self.ends:
                told_to_wait = await self._ask(request)
                if told_to_wait is None:
                    break
                await asyncio.sleep(told_to_wait * chance.uniform(1, 2))
            await asyncio.sleep(self.rest * chance.uniform(0.5, 1.5))

    def _request(self, fact: Fact) -> bytes:
        body = json.dumps(fact.event()).encode()
        head = (
            f"POST /v1/facts HTTP/1.1\r\nHost: crowd\r\nAuthorization: Bearer {self.key}\r\nConnection: close\r\n"
            f"Content-Type: application/cloudevents+json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    async def _ask(self, request: bytes) -> float | None:
        """Seconds to wait before the same is to be sent again; ``None`` where it was acknowledged."""
        begun = time.monotonic()
        try:
            answer = await asyncio.wait_for(self._exchange(request), PATIENCE)
        except (OSError, TimeoutError):
            answer = b"HTTP/1.1 0"
        status = int(answer.split(None, 2)[1])
        self.answers.append(Answered(begun, time.monotonic() - begun, status))
        if status in (200, 201):
            return None
        head = answer.partition(b"\r\n\r\n")[0].lower()
        return float(head.partition(b"retry-after: ")[2].partition(b"\r\n")[0] or 1)

    async def _exchange(self, request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(request)
            return await reader.read()
        finally:
            writer.close()
