"""A load generator that costs little: prepared bytes over connections kept alive, each client one request at a time."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Final, cast

import uvloop

_END: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length: "


@dataclass(frozen=True, slots=True)
class Answers:
    """Of one run: seconds in all and of each answer."""

    seconds: float
    latencies: Sequence[float]

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds


def post(path: str, key: str, media: str, body: bytes) -> bytes:
    """A request as it goes over the wire."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {key}\r\nContent-Type: {media}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def answers(host: str, port: int, requests: Sequence[bytes], clients: int) -> Answers:
    """Send all requests by so many clients; raises ``RuntimeError`` where one is not answered by 2xx."""
    return uvloop.run(_answers(host, port, requests, clients))


async def _answers(host: str, port: int, requests: Sequence[bytes], clients: int) -> Answers:
    loop = asyncio.get_running_loop()
    latencies: list[float] = []
    left = iter(requests)
    all_clients = [_Client(left, latencies, loop.create_future()) for _ in range(clients)]
    for client in all_clients:
        await loop.create_connection(lambda client=client: client, host, port)  # type: ignore[misc]
    begun = perf_counter()
    for client in all_clients:
        client.ask()
    await asyncio.gather(*(client.done for client in all_clients))
    return Answers(perf_counter() - begun, latencies)


class _Client(asyncio.Protocol):
    def __init__(self, left: Iterator[bytes], latencies: list[float], done: asyncio.Future[None]) -> None:
        self.done = done
        self._left = left
        self._latencies = latencies
        self._received = b""
        self._asked = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def ask(self) -> None:
        request = next(self._left, None)
        if request is None:
            self._transport.close()
            self.done.set_result(None)
            return
        self._asked = perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(_END)
        if not end or len(body) < int(head.partition(_LENGTH)[2].partition(b"\r\n")[0]):
            return
        self._latencies.append(perf_counter() - self._asked)
        self._received = b""
        if head.startswith(b"HTTP/1.1 2"):
            self.ask()
        else:
            self.done.set_exception(RuntimeError((head + end + body).decode()))

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(RuntimeError(f"The connection was lost: {error}."))
