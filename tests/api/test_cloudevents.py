"""Events as the `cloudevents` library writes them, against a running server."""

from datetime import datetime, timedelta, timezone
from typing import Any

import httpx
from cloudevents.core.bindings.http import HTTPMessage, to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

WHEN = datetime(2026, 3, 1, 20, 30, 5, 123000, tzinfo=timezone(timedelta(hours=8)))


def an_event(number: int = 1, data: Any = None, **more: Any) -> CloudEvent:
    attributes = {
        "specversion": "1.0",
        "id": f"e-{number}",
        "source": "shop/上海 1",
        "type": "content.clicked",
        "subject": '客户 "1" 100%',
        "time": WHEN,
        "sequence": f"{number:06}",
        "campaign": "spring",
        **more,
    }
    return CloudEvent(attributes, {"content": "price-list", "价格": [59.9]} if data is None else data)


def shown(event: CloudEvent) -> dict[str, Any]:
    """As the log shows it."""
    attributes = event.get_attributes()
    return {**attributes, "time": "2026-03-01T12:30:05.123000Z", "data": event.get_data()}


def post(client: httpx.Client, message: HTTPMessage) -> httpx.Response:
    return client.post("/v1/facts", content=message.body, headers=message.headers)


def facts(client: httpx.Client) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.get("/v1/facts").json()["items"]
    return [{name: fact[name] for name in fact if name not in ("recordedat", "position")} for fact in items]


def test_an_event_in_structured_mode_is_read_back_as_it_was_made(client: httpx.Client) -> None:
    event = an_event(datacontenttype="application/json")

    answers = [post(client, to_structured_event(event)) for _ in range(2)]

    assert [answer.json()["accepted"] for answer in answers] == [1, 0]
    assert facts(client) == [shown(event)]


def test_a_batch_of_events_is_read_back_as_it_was_made(client: httpx.Client) -> None:
    events = [an_event(number) for number in range(3)]
    batch = b"[" + b",".join(to_structured_event(event).body for event in events) + b"]"

    answer = post(client, HTTPMessage({"content-type": "application/cloudevents-batch+json"}, batch))

    assert answer.json() == {"accepted": 3, "duplicates": 0, "position": 3}
    assert facts(client) == [shown(event) for event in events]


def test_binary_mode_is_told_which_modes_there_are(client: httpx.Client) -> None:
    refused = post(client, to_binary_event(an_event(datacontenttype="application/json")))

    assert (refused.status_code, refused.json()["type"]) == (415, "urn:trailbook:problem:not-accepted-type")
    assert facts(client) == []
