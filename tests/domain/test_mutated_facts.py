"""Mutated facts and documents: a fact that folds, or faults; never anything else.

The quick form tries some hundreds; TRAILBOOK_LONG=1 tries ten thousand of each.
"""

import json
import os
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.envelope import read_fact
from domain.facts import Fact
from domain.history import in_fold_order, once_each
from domain.instants import LATEST, instant
from domain.journey.fold import Folded, fold
from domain.journey.in_force import version
from domain.refusals import FactsConflict, NotJson, RulebookUnfit
from domain.rulebook.document import Rulebook, build
from domain.rulebook.reader import rulebook_of
from domain.rulebook.schema import OPERATORS
from domain.strict_json import canonical, parse
from tests.domain.mutations import mutated_documents, mutated_texts

EXAMPLES = 10_000 if os.environ.get("TRAILBOOK_LONG") == "1" else 150
many = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def event(number: int, fact_type: str, data: dict[str, Any], **more: Any) -> dict[str, Any]:
    time = f"2026-03-{number + 1:02d}T12:30:05Z"
    named = {"id": f"{number}", "source": "wecom/acme", "type": fact_type, "subject": "c", "time": time}
    return {"specversion": "1.0", **named, **more, "data": data}


EVENTS = [
    event(1, "contact.added", {"staff": "zhang"}, sequence="000017"),
    event(2, "profile.changed", {"attributes": {"plan": "pro", "age": 30, "city": None}}),
    event(3, "message.received", {"text": "请打电话", "feedback": "positive", "seconds": 1.5}),
    event(4, "tag.added", {"tag": "vip"}),
    event(5, "order.paid", {"amount": 0.1, "currency": "CNY"}, traceparent="00-1", partitionkey="7"),
    event(6, "stage.set", {"journey": "j", "stage": "B", "hold": "3d", "reason": "said so"}),
    event(7, "opportunity.done", {"journey": "j", "rule": "chat"}, recordedat="2026-03-09T00:00:00Z"),
    event(8, "fact.voided", {"source": "wecom/acme", "id": "4", "reason": "wrong customer"}),
    event(9, "tag.removed", {"tag": "vip"}),
]
LINES = [json.dumps(told, ensure_ascii=False) for told in EVENTS]

EVERYTHING: dict[str, Any] = {
    "journey": "j",
    "stages": [{"id": "A", "initial": True}, {"id": "B"}, {"id": "C", "final": True}],
    "leave": {"when": {"fact": "contact.removed"}, "if": {"in_stage_for": "1d"}},
    "enter": {"if": {"any": [{"seen": "*"}, {"attribute": "plan", "in": ["pro", 1, True]}]}},
    "tags": [
        {
            "id": "call",
            "when": {
                "fact": ["message.received", "*"],
                "where": {"keyword": ["电话"], "seconds": {"gte": 1, "lte": 2}},
            },
            "add": "call",
            "expires": "2d",
        },
        {"id": "rich", "when": {"fact": "*", "times": {"at_least": 2, "within": "7d"}}, "add": "rich"},
        {"id": "poor", "when": {"fact": "order.paid", "where": {"amount": {"exists": False}}}, "remove": "rich"},
    ],
    "moves": [
        {"id": "up", "from": "A", "to": "B", "if": {"sum": "*", "field": "amount", "within": "30d", "gte": 0.1}},
        {"id": "on", "from": ["A", "B"], "to": "C", "if": {"all": [{"tag": "vip"}, {"not": {"stage": "C"}}]}},
        {
            "id": "old",
            "to": "A",
            "after": "3d",
            "since": {"last": "*"},
            "if": {"attribute": "age", "gte": 18, "lte": 99},
        },
        {"id": "one", "to": "B", "after": "1d", "since": {"first": "order.paid"}},
        {"id": "said", "to": "C", "when": {"fact": "*", "where": {"feedback": ["positive", "exploring"]}}},
    ],
    "opportunities": [
        {"id": "chat", "kind": "chat", "when": {"fact": "*"}, "open_for": "1d", "closes": {"if": {"tag": "call"}}},
        {"id": "call", "kind": "call", "if": {"count": "*", "at_least": 2, "at_most": 5}},
    ],
}
RULES = build(EVERYTHING)


def operators(value: Any) -> set[str]:
    if isinstance(value, list):
        return {name for member in value for name in operators(member)}
    if isinstance(value, dict):
        return set(value) | {name for member in value.values() for name in operators(member)}
    return set()


def folded(facts: list[Fact], rulebook: Rulebook = RULES) -> Folded:
    return fold(in_fold_order(facts, LATEST), [version(rulebook)], LATEST)


def well_told(sent: Any) -> None:
    """The event is a fact that can be kept, shown and folded, or it has faults with a reason and a pointer each."""
    read = read_fact(sent, latest=instant("2030-01-01T00:00:00Z"))
    if not isinstance(read, Fact):
        assert read
        assert all(fault.reason and (fault.pointer == "" or fault.pointer.startswith("/")) for fault in read)
        assert all(not set(fault.pointer) & {"\0", "\ud800"} for fault in read)
        return
    assert read_fact(parse(canonical(read.event()))) == read
    others = [fact for told in EVENTS if isinstance(fact := read_fact(told), Fact) and fact.key != read.key]
    for step in folded([*others, read]).steps:
        canonical(step.as_json())


def test_the_rulebook_of_these_tests_uses_every_operator() -> None:
    assert set(OPERATORS) <= operators(EVERYTHING)


def test_the_facts_of_these_tests_fold() -> None:
    for told in EVENTS:
        well_told(told)
    facts = [fact for told in EVENTS if isinstance(fact := read_fact(told), Fact)]
    assert len(facts) == len(EVENTS)
    assert len(folded(facts).steps) > 5


def as_sent(told: Any) -> Any:
    """A value as it comes through the door."""
    return parse(json.dumps(told))


@given(mutated_texts(LINES).map(lambda text: text.encode("utf-8", errors="surrogatepass")))
@many
def test_a_line_with_some_signs_changed(line: bytes) -> None:
    well_parsed(line)


@st.composite
def with_bytes_changed(draw: st.DrawFn) -> bytes:
    line = bytearray(draw(st.sampled_from(LINES)).encode())
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(line) - 1))
        line[place : place + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    return bytes(line)


@given(with_bytes_changed())
@many
def test_a_line_with_some_bytes_changed(line: bytes) -> None:
    well_parsed(line)


def well_parsed(line: bytes) -> None:
    try:
        sent = parse(line)
    except NotJson:
        return
    well_told(sent)


@given(mutated_documents(EVENTS).map(as_sent))
@many
def test_an_event_with_some_members_changed(sent: Any) -> None:
    well_told(sent)


@given(st.lists(mutated_documents(EVENTS).map(as_sent), max_size=5))
@many
def test_several_events_with_some_members_changed(sent: list[Any]) -> None:
    facts = [fact for told in [*EVENTS, *sent] if isinstance(fact := read_fact(told, exported=True), Fact)]
    try:
        known = once_each(facts)
    except FactsConflict:
        return
    folded(known)


@given(mutated_documents([EVERYTHING]))
@many
def test_a_rulebook_with_some_members_changed(document: Any) -> None:
    try:
        rulebook = rulebook_of(document)
    except RulebookUnfit:
        return
    folded([fact for told in EVENTS if isinstance(fact := read_fact(told), Fact)], rulebook)
