"""Facts and sentences the tests of the log begin with."""

from typing import Any

import psycopg

from domain.facts import Fact
from domain.instants import instant
from event_log.judging import Outcome, Stored
from event_log.log import EventLog
from event_log.state import Publication

MASTER_KEY = b"a master key of thirty-two bytes"
NOON = instant("2026-03-01T12:00:00Z")


def a_fact(id: str = "1", *, customer: str = "wmAbc123", type: str = "content.clicked", **data: Any) -> Fact:
    return Fact(
        source="wecom/acme",
        id=id,
        type=type,
        customer=customer,
        occurred_at=NOON,
        data=data or {"content": "price-list", "staff": "zhang", "url": "https://example.org/电话"},
    )


def facts(count: int, *, customer: str = "wmAbc123", first: int = 1) -> list[Fact]:
    return [a_fact(str(number), customer=customer) for number in range(first, first + count)]


def stored(log: EventLog, *request: Fact) -> Stored:
    """Append one request that is taken."""
    outcome = log.intake.append([request])[0]
    assert isinstance(outcome, Stored), outcome
    return outcome


def refused(outcome: Outcome) -> Exception:
    assert isinstance(outcome, Exception), outcome
    return outcome


def a_publication(**changes: Any) -> Publication:
    fields: dict[str, Any] = {
        "journey": "course-sales",
        "version": 0,
        "document": "journey: course-sales\n",
        "hash": "sha256:1",
        "effective_from": None,
        "because": "the first rules",
        "by": "admin",
        "published_at": 0,
        "position": 0,
    }
    return Publication(**(fields | changes))


def erase_key(database: str, customer: str) -> None:
    """What an erasure does to the key; the rest of it is not the log's."""
    with psycopg.connect(database) as connection:
        done = connection.execute(
            "delete from customer_keys where customer = (select customer from customers where subject = %s)",
            [customer],
        )
        assert done.rowcount == 1


def rows(database: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(database) as connection:
        return connection.execute(query.encode()).fetchall()
