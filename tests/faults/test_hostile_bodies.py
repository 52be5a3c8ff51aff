"""Bodies too large, malformed or meant to do harm are refused and cost no memory; the next request is served."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from api.wiring import Service
from tests.faults.conftest import KEY, address_of
from tests.faults.processes import running
from tests.faults.waiting import seconds_until

MB = 1024 * 1024
ONE, BATCH, LINES = "application/cloudevents+json", "application/cloudevents-batch+json", "application/x-ndjson"
GROWTH = 50 * MB
"""Bytes of memory that the largest of bodies may cost."""

MALFORMED = {
    "nothing": b"",
    "no end": b'{"specversion": "1.0", "id": "',
    "two ends": b"{}}",
    "NUL within": b'{"id": "\x00"}',
    "NUL written": rb'{"id": "\u0000"}',
    "half a surrogate pair": rb'{"id": "\ud800"}',
    "no UTF-8": b'{"id": "\xff\xfe"}',
    "UTF-16": '{"id": "1"}'.encode("utf-16"),
    "not a number": b'{"data": NaN}',
    "beyond numbers": b'{"data": {"n": 1e999}}',
    "five thousand digits": b'{"data": {"n": ' + b"9" * 5000 + b"}}",
    "a name twice": b'{"id": "1", "id": "2"}',
    "a hundred thousand deep": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "a transcoder's keys": b'{"_type_": "os:system", "_data_": "true"}',
    "only a number": b"7",
    "a byte order mark": b"\xef\xbb\xbf{}",
    "gzip": b"\x1f\x8b\x08\x00" + b"\x00" * 64,
}


@pytest.fixture
def service(environment: dict[str, str], wired: Service) -> Iterator[tuple[httpx.Client, int]]:
    """A client of a process of its own, and its number."""
    headers = {"Authorization": f"Bearer {KEY}"}
    with (
        running("serve", environment) as process,
        httpx.Client(base_url=address_of(environment), headers=headers, timeout=30) as client,
    ):
        seconds_until(lambda: answers(client))
        yield client, process.pid


def test_no_body_harms_it(service: tuple[httpx.Client, int], wired: Service) -> None:
    client, pid = service
    assert send(client, event("first"), ONE) == 201
    before = resident(pid)

    for name, body in MALFORMED.items():
        for media in (ONE, BATCH, LINES):
            refused = send(client, body, media)
            # Of nothing there is nothing to refuse.
            assert 400 <= refused < 500 or (not body and refused == 200), (name, media, refused)
    assert send(client, b"x", ONE, **{"Content-Encoding": "gzip"}) in (400, 415)
    limits_hold(client)

    assert resident(pid) - before < GROWTH
    assert send(client, event("last"), ONE) == 201
    stored = [fact.event()["id"] for fact in wired.log.reading.page(0, 100).facts]  # type: ignore[union-attr]
    assert stored == ["first", "within", "last"]


def limits_hold(client: httpx.Client) -> None:
    assert send(client, padded(b"[" + event("within") + b"]", MB), BATCH) == 201
    assert send(client, padded(b"[" + event("beyond") + b"]", MB + 1), BATCH) == 413
    assert send(client, b" " * (10 * MB), BATCH) == 413
    assert send(client, pieces(10 * MB), BATCH) == 413
    assert send(client, b"\n".join([event("same")] * 1_000_000)[: 64 * MB], LINES) == 413
    assert send(client, b"{}\n" * 300_000, LINES) == 413


def send(client: httpx.Client, body: bytes | Iterator[bytes], media: str, **headers: str) -> int:
    """The status; 413 also where it hung up on a body that did not end. On a busy machine 503 is asked again."""
    try:
        status = client.post("/v1/facts", content=body, headers={"Content-Type": media, **headers}).status_code
    except httpx.WriteError:
        return 413
    return send(client, body, media, **headers) if status == 503 and isinstance(body, bytes) else status


def event(id: str) -> bytes:
    said = {"specversion": "1.0", "id": id, "source": "s", "type": "x", "subject": "c", "time": "2025-01-01T00:00:00Z"}
    return json.dumps(said).encode()


def padded(body: bytes, size: int) -> bytes:
    return body + b" " * (size - len(body))


def pieces(size: int) -> Iterator[bytes]:
    """Without a length."""
    for _ in range(size // MB):
        yield b" " * MB


def resident(pid: int) -> int:
    """Bytes of memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS"))


def answers(client: httpx.Client) -> bool:
    try:
        return client.get("/livez").status_code == 200
    except httpx.TransportError:
        return False
