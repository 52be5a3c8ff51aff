"""The clients that Segment and RudderStack publish, as they are, against a running server."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from rudderstack.analytics.client import Client as RudderStack  # type: ignore[import-untyped]
from segment.analytics.client import Client as Segment  # type: ignore[import-untyped]
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.app import create_app
from api.keyring import Wanted
from api.problems import problem_of
from api.wiring import Service
from domain.instants import instant, of_datetime, rfc_3339
from domain.refusals import FateUnknown
from tests.api.served import served
from tests.api.test_erased import erase
from tests.api.test_service import KEY, publish

Open = Callable[..., Any]

CLIENTS: dict[str, Open] = {
    "segment": Segment,
    "segment-gzip": lambda *key, **more: Segment(*key, gzip=True, **more),
    "rudderstack-gzip": RudderStack,
    "rudderstack": lambda *key, **more: RudderStack(*key, gzip=False, **more),
}
WHEN = datetime(2026, 3, 1, 12, 30, 5, 123456, tzinfo=UTC)


@dataclass(slots=True)
class Overheard:
    """Which requests came for messages; the first ``swallow`` are worked, but answered that nobody knows."""

    encodings: list[str | None] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    swallow: int = 0


class Overhearing:
    """A middleware that tells what it heard, and loses answers."""

    def __init__(self, app: ASGIApp, heard: Overheard) -> None:
        self._app, self._heard = app, heard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("path") != "/v1/batch":
            return await self._app(scope, receive, send)
        packed = dict(scope["headers"]).get(b"content-encoding")
        self._heard.encodings.append(None if packed is None else packed.decode())
        lost = len(self._heard.encodings) <= self._heard.swallow

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._heard.answers.append(message["status"])
            if not lost:
                await send(message)

        await self._app(scope, receive, tell)
        if lost:
            await problem_of(FateUnknown())(scope, receive, send)
        return None


@pytest.fixture
def heard() -> Overheard:
    return Overheard()


@pytest.fixture
def client(wired: Service, heard: Overheard) -> Iterator[httpx.Client]:
    app = create_app(wired)
    app.add_middleware(Overhearing, heard=heard)
    headers = {"Authorization": f"Bearer {KEY}"}
    with served(app) as address, httpx.Client(base_url=address, headers=headers, timeout=20) as client:
        yield client


def opened(name: str, client: httpx.Client, key: str, **more: Any) -> tuple[Any, list[Any]]:
    """One of their clients, and the errors it will tell of."""
    errors: list[Any] = []
    address = str(client.base_url).rstrip("/")
    told = {"host": address, "on_error": lambda error, _: errors.append(error), "upload_interval": 0.05}
    return CLIENTS[name](key, **told, **more), errors


def facts(client: httpx.Client) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.get("/v1/facts").json()["items"]
    return [{name: fact[name] for name in fact if name not in ("recordedat", "position")} for fact in items]


def everything_said_by(them: Any) -> list[dict[str, Any]]:
    """Their calls one after another; what each says it will send."""
    said = [
        them.identify("wmAbc123", {"city": "杭州", "vip": True}, timestamp=WHEN),
        them.track("wmAbc123", "Order Completed", {"total": 59.9, "items": [{"sku": "a"}]}, timestamp=WHEN),
        them.track(None, "content.clicked", anonymous_id="visitor-9", timestamp=WHEN, message_id="click-1"),
        them.page("wmAbc123", "Shop", "Prices", {"url": "/prices"}, timestamp=WHEN),
        them.screen("wmAbc123", name="Home"),
        them.group("wmAbc123", "acme", {"seats": 12}),
        them.alias("visitor-9", "wmAbc123"),
    ]
    assert all(queued for queued, _ in said)
    return [message for _, message in said]


def as_facts(said: list[dict[str, Any]], source: str) -> list[dict[str, Any]]:
    """What they should become, by the table of the guide."""
    types = ["profile.changed", "Order Completed", "content.clicked", "page.viewed", "screen.viewed",
             "account.identified", "identity.linked"]  # fmt: skip
    data: list[dict[str, Any]] = [
        {"attributes": {"city": "杭州", "vip": True}},
        {"total": 59.9, "items": [{"sku": "a"}]},
        {},
        {"url": "/prices", "name": "Prices", "category": "Shop"},
        {"name": "Home"},
        {"account": "acme", "attributes": {"seats": 12}},
        {"previous": "visitor-9"},
    ]
    return [
        {
            "specversion": "1.0",
            "id": message["messageId"],
            "source": source,
            "type": type,
            "subject": message["userId"] or message["anonymousId"],
            "time": rfc_3339(instant(message["timestamp"])),
            "sequence": "0" if type == "profile.changed" else "1",
            "data": content,
        }
        for message, type, content in zip(said, types, data, strict=True)
    ]


def test_what_their_clients_send_is_what_is_stored(client: httpx.Client, wired: Service, heard: Overheard) -> None:
    expected = []
    for name in CLIENTS:
        _, key = wired.keys.add(Wanted("ingest", label=name), by=None)
        them, errors = opened(name, client, key)
        expected += as_facts(everything_said_by(them), f"segment/{name}")
        them.shutdown()
        assert errors == []

    assert facts(client) == expected
    assert abs(instant(expected[0]["time"]) - of_datetime(WHEN)) < 1000
    assert set(heard.answers) == {200}
    assert set(heard.encodings) == {None, "gzip"}
    assert client.get("/v1/customers/wmAbc123").json()["profile"] == {"city": "杭州", "vip": True}


@pytest.mark.parametrize("name", ["segment-gzip", "rudderstack"])
def test_an_answer_of_503_is_sent_again_and_stored_once(name: str, client: httpx.Client, heard: Overheard) -> None:
    heard.swallow = 1
    them, errors = opened(name, client, KEY)
    for number in range(3):
        them.track("wmAbc123", "Plan Chosen", {"plan": number}, timestamp=WHEN + timedelta(seconds=number))

    them.flush()
    stored, asked = facts(client), len(heard.answers)
    them.shutdown()

    assert errors == []
    assert [fact["data"]["plan"] for fact in stored] == [0, 1, 2]
    assert asked >= 2
    assert set(heard.answers) == {200}


@pytest.mark.parametrize("name", ["segment", "rudderstack-gzip"])
def test_what_is_refused_is_told_and_never_sent_again(
    name: str, client: httpx.Client, wired: Service, database: str, heard: Overheard
) -> None:
    publish(client)
    client.post("/v1/track", json={
        "messageId": "m-1", "userId": "c1", "event": "x", "timestamp": "2026-03-01T00:00:00Z",
    })  # fmt: skip
    erase(wired, database)
    before = facts(client)
    _, seller = wired.keys.add(Wanted("seller", "li"), by=None)
    tomorrow = datetime.now(UTC) + timedelta(days=1)

    refused: list[tuple[str, dict[str, Any], int]] = [
        (KEY, {"event": "x", "properties": {"price": 0.1 + 0.2}}, 422),
        (KEY, {"event": "x", "timestamp": tomorrow}, 422),
        (KEY, {"event": "x", "user_id": "c1"}, 422),
        ("tb_guess", {"event": "x"}, 401),
        (seller, {"event": "x"}, 403),
    ]
    for key, said, status in refused:
        them, errors = opened(name, client, key)
        asked = len(heard.answers)
        them.track(**{"user_id": "c2", **said})
        them.shutdown()
        assert [error.status for error in errors] == [status]
        assert heard.answers[asked:] == [status]
        assert errors[0].code in ("facts-unfit", "not-authenticated", "not-allowed")
    assert facts(client) == before
