"""A short story told over HTTP, one call after another: what `/openapi.json` shows as examples, performed for real."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from domain.instants import SECOND, Instant, instant

Exchange = dict[str, Any]
Sent = dict[str, Any]

BEGIN: Final = instant("2026-03-02T02:00:00Z")
"""10:00 in Shanghai."""

RULEBOOK: Final[dict[str, Any]] = {
    "journey": "course-sales",
    "title": {"zh": "课程私域", "en": "Course sales"},
    "timezone": "Asia/Shanghai",
    "stages": [
        {"id": "lead", "title": {"zh": "潜客", "en": "Lead"}, "initial": True},
        {"id": "mql", "title": {"zh": "意向", "en": "MQL"}},
        {"id": "won", "title": {"zh": "成单", "en": "Won"}, "final": True},
    ],
    "enter": {"when": {"fact": "contact.added"}},
    "tags": [
        {
            "id": "price",
            "when": {
                "fact": "content.clicked",
                "where": {"content": "price-list"},
                "times": {"at_least": 2, "within": "7d"},
            },
            "add": "price-interest",
            "expires": "21d",
        }
    ],
    "moves": [
        {"id": "paid", "from": "*", "to": "won", "when": {"fact": "order.paid"}},
        {"id": "to-mql", "from": "lead", "to": "mql", "if": {"tag": "price-interest"}},
    ],
    "opportunities": [
        {
            "id": "chat",
            "kind": "chat",
            "title": {"zh": "主动咨询", "en": "Wrote to us"},
            "when": {"fact": "message.received", "where": {"feedback": "positive"}},
            "rank": 30,
            "open_for": "2d",
            "closes": {"when": {"fact": "message.sent"}},
        },
        {
            "id": "price",
            "kind": "price",
            "title": {"zh": "看价格", "en": "Reads prices"},
            "if": {"tag": "price-interest"},
        },
    ],
}
SECOND_RULEBOOK: Final = {
    **RULEBOOK,
    "moves": [*RULEBOOK["moves"], {"id": "back", "from": "mql", "to": "lead", "after": "14d"}],
}

TRIED: Final = {
    **RULEBOOK,
    "tags": [
        {
            **RULEBOOK["tags"][0],
            "when": {
                "fact": "content.clicked",
                "where": {"content": "price-list"},
                "times": {"at_least": 1, "within": "7d"},
            },
        }
    ],
}

HER: Final = {"customer": "wmAbc123"}
ON_JOURNEY: Final = {**HER, "journey": "course-sales"}
JOURNEY: Final = {"journey": "course-sales"}
YAML: Final = "journey: course-sales\nstages: [{id: lead, initial: true}, {id: lead}]\n"


def event(id: str, type: str, time: str, data: Mapping[str, Any], customer: str = "wmAbc123") -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": id,
        "source": "wecom/acme",
        "type": type,
        "subject": customer,
        "time": time,
        "data": data,
    }


ADDED: Final = event("a1", "contact.added", "2026-02-27T08:00:00Z", {"staff": "zhang", "channel": "fair"})
CLICKS: Final = [
    event("c1", "content.clicked", "2026-02-28T09:00:00Z", {"content": "price-list", "staff": "zhang"}),
    event("c2", "content.clicked", "2026-03-01T12:30:05Z", {"content": "price-list", "staff": "zhang"}),
    event("m1", "message.received", "2026-03-02T01:10:00Z", {"text": "还有名额吗", "feedback": "positive"}),
]
PROFILE: Final = event("p1", "profile.changed", "2026-02-27T08:00:01Z", {"attributes": {"city": "杭州"}})
OTHERS: Final = [
    event("a2", "contact.added", "2026-02-27T09:00:00Z", {"staff": "li"}, "wmXyz789"),
    event("a3", "contact.added", "2026-02-27T09:30:00Z", {"staff": "li"}, "wmXyz790"),
]


@dataclass(slots=True)
class Teller:
    """Makes the calls, a second of the database's clock apart.

    ``follow`` brings the projections up to date, ``park`` sets a customer aside at a position, ``backtest`` runs the
    backtest that has waited longest.
    """

    client: httpx.Client
    paths: Mapping[str, tuple[str, str]]
    """By operation the method and the template of its path."""
    it_is: Callable[[Instant], None]
    follow: Callable[[], None]
    park: Callable[[str, int], None]
    backtest: Callable[[], None]
    told: list[Exchange] = field(default_factory=list)

    def call(
        self,
        operation: str,
        about: str,
        path: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        media: str = "application/json",
    ) -> Any:
        """The answer: JSON as what it stands for, else the text."""
        self.it_is(BEGIN + len(self.told) * SECOND)
        method, template = self.paths[operation]
        given = {"path": path, "query": query, "headers": headers}
        exchange: Exchange = {"operation": operation, "about": about} | {
            name: dict(value) for name, value in given.items() if value
        }
        if body is not None:
            exchange |= {"media": media, "body": body}
        answer = self.client.request(
            method,
            template.format(**(path or {})),
            params=query,
            headers={**(headers or {}), **({"Content-Type": media} if body is not None else {})},
            content=None if body is None else _written(body),
        )
        assert answer.status_code < 300, answer.text
        self.follow()
        exchange["status"] = answer.status_code
        if answer.content:
            exchange["answer_media"] = answer.headers["content-type"].partition(";")[0]
            exchange["answer"] = _read(exchange["answer_media"], answer.text)
        self.told.append(exchange)
        return exchange.get("answer"), answer.headers


def tell(teller: Teller) -> list[Exchange]:
    for part in (_begin, _look, _work, _correct, _administer, _as_other_clients, _operate, _try_out):
        part(teller)
    return teller.told


def _begin(teller: Teller) -> None:
    call = teller.call
    first = {"document": RULEBOOK, "because": "First rules", "effective_from": None}
    once = {"If-None-Match": "*", "Idempotency-Key": "5b1b7a52-first-rules"}
    call("lintRulebook", "A document with an error", body=YAML, media="application/yaml")
    call("lintRulebook", "The same as JSON", body=RULEBOOK)
    call("previewRulebook", "Before there are customers", JOURNEY, body=first)
    call("publishRulebook", "The first version, in force since always", JOURNEY, headers=once, body=first)
    call("publishRulebook", "Sent again under its key", JOURNEY, headers=once, body=first)
    call("sendFacts", "One fact", body=ADDED, media="application/cloudevents+json")
    call("sendFacts", "Sent again", body=ADDED, media="application/cloudevents+json")
    call("sendFacts", "Several", body=CLICKS, media="application/cloudevents-batch+json")
    lines = "\n".join(json.dumps(fact, ensure_ascii=False) for fact in (PROFILE, OTHERS[0]))
    call("sendFacts", "As lines", body=lines, media="application/x-ndjson")
    # One new customer a call: of several at once nothing says who is numbered first.
    call("sendFacts", "One more", body=OTHERS[1], media="application/cloudevents+json")


def _look(teller: Teller) -> None:
    call = teller.call
    then = {"as_of": "2026-03-01T00:00:00Z", "known_at": "2026-03-02T02:00:06Z"}
    call("listFacts", "A page of the log", query={"after": 1, "limit": 2, "after_position": 8})
    call("listFacts", "What one customer's sellers sent", query={"type": "content.clicked", "subject": "wmAbc123"})
    call("listFacts", "By identity", query={"source": "wecom/acme", "id": "c2"})
    call("getFact", "The second entry", {"position": 2})
    call("listJourneys", "All", query={"after_position": 8})
    call("listCustomers", "Who stands in mql", query={
        "journey": "course-sales", "stage": "mql", "tag": "price-interest", "staff": "zhang", "q": "wm",
        "after_position": 8,
    })  # fmt: skip
    first, _ = call("listCustomers", "The first of all", query={"limit": 1})
    call("listCustomers", "The next", query={"limit": 1, "cursor": first["next"]})
    call("getCustomer", "Now", HER, query={"after_position": 8})
    call("getCustomer", "Then", HER, query=then)
    call("getStanding", "Now", ON_JOURNEY, query={"after_position": 8})
    call("getStanding", "What was believed then", ON_JOURNEY, query=then)
    call("getStanding", "At a position, under version 1 alone", ON_JOURNEY, query={"known_position": 3, "rulebook": 1})
    call("getStanding", "A forecast", ON_JOURNEY, query={"as_of": "2026-06-01T00:00:00Z"})
    call("getTrail", "All steps", ON_JOURNEY, query={"after_position": 8})
    call("getTrail", "What was believed then", ON_JOURNEY, query=then)
    call("getTrail", "As at a position, under version 1 alone", ON_JOURNEY, query={"known_position": 5, "rulebook": 1})
    call("getCustomer", "At a position", HER, query={"known_position": 3, "rulebook": 1})
    call("explain", "Why she stands there", ON_JOURNEY, query={"after_position": 8})
    call(
        "explain",
        "Why she has that tag",
        ON_JOURNEY,
        query={"tag": "price-interest", "as_of": "2026-03-02T00:00:00Z", "known_at": "2026-03-02T02:00:08Z"},
    )
    call("explain", "Why she is on the list", ON_JOURNEY, query={
        "opportunity": "chat", "known_position": 8, "rulebook": 1,
    })  # fmt: skip
    call("listCustomerFacts", "In order of the fold", HER, query={"order": "fold", "after_position": 8})
    call("getBoard", "Now", JOURNEY, query={"after_position": 8, "staff": "zhang"})
    call("getBoard", "Then", JOURNEY, query=then)
    stage = {**JOURNEY, "stage": "mql"}
    call("listStageCustomers", "The first cards", stage, query={"limit": 1, "staff": "zhang", "after_position": 8})
    call("listStageCustomers", "Then", stage, query=then)
    leads = {**JOURNEY, "stage": "lead"}
    page, _ = call("listStageCustomers", "Of two the first", leads, query={"limit": 1})
    call("listStageCustomers", "The next", leads, query={"limit": 1, "cursor": page["next"]})


def _work(teller: Teller) -> None:
    call = teller.call
    query = {"journey": "course-sales", "kind": "chat", "staff": "zhang", "on": "2026-03-02", "after_position": 8}
    listed, _ = call("listOpportunities", "The list of today", query=query)
    first, _ = call("listOpportunities", "One card a page", query={"limit": 1})
    call("listOpportunities", "The next page", query={"limit": 1, "cursor": first["next"]})
    call("listOpportunities", "As it was shown", query={"on": "2026-03-01", "known_at": "2026-03-02T02:00:09Z"})
    chat = {"opportunity": listed["items"][0]["id"]}
    until = {"until": "2026-03-02T07:00:00Z"}
    call("opportunitySnooze", "Until 15:00", chat, headers={"Idempotency-Key": "0e6d-snooze"}, body=until)
    call("opportunitySnooze", "Sent again", chat, headers={"Idempotency-Key": "0e6d-snooze"}, body=until)
    called: Sent = {"headers": {"Idempotency-Key": "71c2-done"}, "body": {"note": "answered by phone"}}
    call("opportunityDone", "With a note", chat, **called)
    call("opportunityDone", "Sent again", chat, **called)
    others, _ = call("listOpportunities", "The other kind", query={"kind": "price"})
    price = {"opportunity": others["items"][0]["id"]}
    skipped: Sent = {"headers": {"Idempotency-Key": "a9f0-skip"}, "body": {"note": "not now"}}
    call("opportunitySkip", "With a note", price, **skipped)
    call("opportunitySkip", "Sent again", price, **skipped)
    move: Sent = {
        "headers": {"Idempotency-Key": "c55e-move"},
        "body": {"from": "mql", "stage": "lead", "reason": "only curious", "hold": "3d"},
    }
    call("setStage", "For three days", ON_JOURNEY, **move)
    call("setStage", "Sent again", ON_JOURNEY, **move)


def _correct(teller: Teller) -> None:
    call = teller.call
    void: Sent = {"headers": {"Idempotency-Key": "99d1-void"}, "body": {"reason": "wrong customer"}}
    call("voidFact", "A fact that should not be", {"position": 3}, **void)
    call("voidFact", "Sent again", {"position": 3}, **void)
    call("getTrail", "With what was given up", ON_JOURNEY)
    draft = {
        "document": SECOND_RULEBOOK,
        "because": "Interest cools down",
        "effective_from": "2026-04-01T00:00:00+08:00",
    }
    call("previewRulebook", "Who would move", JOURNEY, body=draft)
    version = {**JOURNEY, "number": 1}
    _, headers = call("getRulebook", "The first version", version)
    call(
        "publishRulebook", "A second version, from April on", JOURNEY, headers={"If-Match": headers["etag"]}, body=draft
    )
    call("listRulebooks", "With their documents", JOURNEY, query={"full": "true"})
    call("getDiagram", "Mermaid", version)


def _administer(teller: Teller) -> None:
    call = teller.call
    call("getMe", "The administrator")
    wanted = {"role": "seller", "staff": "zhang", "label": "phone", "expires_at": "2027-01-01T00:00:00Z"}
    made, _ = call("makeKey", "For a seller", body=wanted)
    call("makeKey", "In place of it", body={"replaces": made["id"], "overlap": "7d"})
    call("listKeys", "All")
    call("revokeKey", "The seller's first", {"id": made["id"]})
    call("livez", "It lives")
    call("readyz", "It is ready")


def _operate(teller: Teller) -> None:
    call = teller.call
    journeys = {"projection": "journeys"}
    call("listProjections", "How far they are")
    call("pauseProjection", "It stands still", journeys)
    call("resumeProjection", "It goes on", journeys)
    teller.park("wmXyz789", 5)
    call("listParked", "Somebody", query={"after": 4, "limit": 10})
    call("retryParked", "Tried again", {"position": 5})
    call("rebuildProjection", "Another version is begun", journeys, query={"back": False})


def _try_out(teller: Teller) -> None:
    call = teller.call
    asked = {
        "journey": "course-sales",
        "candidate": TRIED,
        "from": "2026-02-27T00:00:00+08:00",
        "to": "2026-03-02T10:00:00+08:00",
        "outcome": {"type": "message.received", "within": "7d"},
        "vary": {"path": "tags.price.times.at_least", "values": [1, 2, 3]},
    }
    once = {"Idempotency-Key": "b4c1-one-click"}
    first, _ = call("startBacktest", "One click is enough", headers=once, body=asked)
    call("startBacktest", "Sent again", headers=once, body=asked)
    teller.backtest()
    one = {"id": first["id"]}
    call("getBacktest", "Its report", one)
    second, _ = call("startBacktest", "All of history", body={"journey": "course-sales", "candidate": RULEBOOK})
    call("listBacktests", "The newest", query={"journey": "course-sales", "limit": 1})
    call("listBacktests", "The one before", query={"cursor": 2})
    teller.backtest()
    query = {"published": "lead", "candidate": "mql", "limit": 1}
    call("listBacktestCustomers", "Who would stand in mql", one, query=query)
    call("listBacktestCustomers", "From a place in the list on", one, query={"cursor": 1})
    call("compareBacktests", "With the rules as they were", {**one, "other": second["id"]})
    call("endBacktest", "It is removed", {"id": second["id"]})


def _as_other_clients(teller: Teller) -> None:
    call = teller.call
    identify = message("identify", 1, traits={"city": "杭州", "plan": "trial"})
    track = message("track", 2, event="Order Completed", properties={"total": 59.9})
    call(
        "sendBatch", "As Segment's clients send it", body={"batch": [identify, track], "sentAt": "2026-03-02T02:01:00Z"}
    )
    call("sendIdentify", "Sent again", body=identify)
    call("sendTrack", "Sent again", body=track)
    call("sendPage", "A page", body=message("page", 3, name="Prices", properties={"url": "/prices"}))
    call("sendScreen", "A screen", body=message("screen", 4, name="Home"))
    call("sendGroup", "An account", body=message("group", 5, groupId="acme", traits={"seats": 12}))
    call("sendAlias", "Another name", body=message("alias", 6, previousId="visitor-9"))


def message(kind: str, number: int, **more: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "messageId": f"{number}f6d1d3e",
        "userId": "wmAbc123",
        "timestamp": f"2026-03-02T01:30:0{number}Z",
        **more,
    }


def _written(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else json.dumps(body, ensure_ascii=False).encode()


def _read(media: str, text: str) -> Any:
    return json.loads(text) if media == "application/json" else text


def paths_of(document: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    return {operation["operationId"]: (method.upper(), path) for path, method, operation in operations(document)}


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation
