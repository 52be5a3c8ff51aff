"""From an event to a fact: every rule of the contract's section on facts."""

from typing import Any

import pytest

from domain.envelope import read_fact
from domain.facts import COMMAND_TYPES, PUBLIC_FIELDS, Fact
from domain.instants import SECOND, instant
from domain.strict_json import parse
from tests.domain.given import Document

NOON = instant("2026-03-01T12:30:05Z")
MINUTE = 60 * SECOND


def event(**changes: Any) -> Document:
    """The contract's example with some members changed, or left out where the change is ``...``."""
    sent = {
        "specversion": "1.0",
        "id": "8f1c",
        "source": "wecom/acme",
        "type": "content.clicked",
        "subject": "wmAbc123",
        "time": "2026-03-01T12:30:05Z",
        "sequence": "000017",
        "data": {"content": "price-list", "staff": "zhang"},
        **changes,
    }
    return {name: value for name, value in sent.items() if value is not ...}


def taken(sent: object, **how: Any) -> Fact:
    fact = read_fact(sent, **how)
    assert isinstance(fact, Fact), fact
    return fact


def faults(sent: object, **how: Any) -> list[str]:
    found = read_fact(sent, **how)
    assert isinstance(found, list)
    return [fault.pointer for fault in found]


def test_the_example_of_the_contract_is_a_fact() -> None:
    assert taken(event()) == Fact(
        source="wecom/acme",
        id="8f1c",
        type="content.clicked",
        customer="wmAbc123",
        occurred_at=NOON,
        sequence="000017",
        data={"content": "price-list", "staff": "zhang"},
    )


@pytest.mark.parametrize("name", ["specversion", "id", "source", "type", "subject", "time"])
@pytest.mark.parametrize("value", [..., None, "", 7, True, ["x"], {"x": "y"}])
def test_what_identifies_a_fact_must_be_there_as_a_text(name: str, value: Any) -> None:
    assert faults(event(**{name: value})) == [f"/{name}"]


@pytest.mark.parametrize("version", ["1", "1.1", "0.3", 1.0])
def test_the_specversion_is_1_0(version: Any) -> None:
    assert faults(event(specversion=version)) == ["/specversion"]


@pytest.mark.parametrize("sent", [None, 7, "event", [], [{}]])
def test_anything_but_an_object_is_a_fault(sent: object) -> None:
    assert faults(sent) == [""]


@pytest.mark.parametrize("time", ["2026-03-01T12:30:05", "2026-03-01", "yesterday", "2026-02-30T12:00:00Z"])
def test_time_needs_an_offset_and_must_exist(time: str) -> None:
    assert faults(event(time=time)) == ["/time"]


def test_time_is_brought_to_utc_and_cut_to_microseconds() -> None:
    assert taken(event(time="2026-03-01T20:30:05.0000019+08:00")).occurred_at == NOON + 1


def test_time_may_not_lie_after_the_latest_instant_of_intake() -> None:
    latest = NOON - 1
    assert faults(event(), latest=latest) == ["/time"]
    assert taken(event(), latest=NOON).occurred_at == NOON
    assert taken(event(time="9999-12-31T23:59:59Z")).occurred_at > NOON


@pytest.mark.parametrize("sequence", [17, None, True, ["17"], 1.5])
def test_sequence_is_a_text(sequence: Any) -> None:
    assert faults(event(sequence=sequence)) == ["/sequence"]


def test_an_absent_sequence_is_the_empty_text() -> None:
    assert taken(event(sequence=...)).sequence == ""
    assert taken(event(sequence="")).content() == taken(event(sequence=...)).content()


@pytest.mark.parametrize("data", [None, "text", 7, True, [], [{"content": "x"}]])
def test_data_is_an_object(data: Any) -> None:
    assert faults(event(data=data)) == ["/data"]


def test_missing_data_is_an_empty_object() -> None:
    assert taken(event(data=...)).data == {}
    assert taken(event(data=...)).content() == taken(event(data={})).content()


def test_data_base64_is_a_fault() -> None:
    assert faults(event(data_base64="eyJ9")) == ["/data_base64"]
    assert faults(event(data=..., data_base64="eyJ9")) == ["/data_base64"]


@pytest.mark.parametrize("recorded", ["2020-01-01T00:00:00Z", "soon", 7, None, {}])
def test_recordedat_and_position_are_ignored(recorded: Any) -> None:
    fact = taken(event(recordedat=recorded, position=recorded))

    assert fact == taken(event())
    assert (fact.recorded_at, fact.position, dict(fact.extensions)) == (None, None, {})


def test_of_an_export_recordedat_is_taken_along_and_absent_is_its_time() -> None:
    assert taken(event(recordedat="2026-03-02T12:30:05Z"), exported=True).recorded_at == NOON + 24 * 60 * MINUTE
    assert taken(event(), exported=True).recorded_at == NOON
    assert faults(event(recordedat="soon"), exported=True) == ["/recordedat"]
    assert faults(event(recordedat=7), exported=True) == ["/recordedat"]


def test_extensions_are_kept_as_they_were_sent() -> None:
    sent = event(datacontenttype="application/json", partitionkey="7", retries=3, urgent=True, absent=None)
    assert dict(taken(sent).extensions) == {
        "datacontenttype": "application/json",
        "partitionkey": "7",
        "retries": 3,
        "urgent": True,
    }


@pytest.mark.parametrize("name", ["Trace", "trace_id", "trace-id", "", "trace.id", "名"])
def test_an_attribute_has_a_name_of_small_letters_and_digits(name: str) -> None:
    assert faults(event(**{name: "x"})) == [f"/{name}"]


@pytest.mark.parametrize("value", [1.5, ["x"], {"x": 1}])
def test_an_extension_is_a_text_a_whole_number_or_a_truth(value: Any) -> None:
    assert faults(event(trace=value)) == ["/trace"]


def test_what_cannot_be_kept_is_a_fault_wherever_it_stands() -> None:
    sent = parse('{"a": "\\u0000", "b": [1e99], "c": {"d": "\\ud800"}}')
    assert faults(event(data=sent)) == ["/data/a", "/data/b/0", "/data/c/d"]
    assert faults(event(id="\0")) == ["/id"]
    assert faults(event(trace="\ud800")) == ["/trace"]


def test_all_faults_are_told_at_once() -> None:
    found = faults(event(id=..., time="now", sequence=1, data=[], Bad="x", trace="\0"))
    assert sorted(found) == ["/Bad", "/data", "/id", "/sequence", "/time", "/trace"]


def test_what_the_data_of_a_type_holds_is_not_checked_at_the_door() -> None:
    for fact_type in ("stage.set", "tag.added", "profile.changed", "fact.voided", "unheard.of"):
        assert taken(event(type=fact_type, data={"tag": 7, "stage": None, "attributes": "x"})).type == fact_type


# The same fact ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "again",
    [
        {"time": "2026-03-01T20:30:05+08:00"},
        {"time": "2026-03-01T12:30:05.0000009Z"},
        {"recordedat": "2020-01-01T00:00:00Z", "position": 7},
        {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "tracestate": "a=b"},
        {"data": {"staff": "zhang", "content": "price-list"}},
    ],
)
def test_what_changes_on_a_retry_makes_no_other_content(again: Document) -> None:
    assert taken(event(**again)).content() == taken(event()).content()


@pytest.mark.parametrize(
    "other",
    [
        {"time": "2026-03-01T12:30:06Z"},
        {"sequence": "000018"},
        {"type": "content.viewed"},
        {"subject": "wmOther"},
        {"data": {}},
        {"partitionkey": "7"},
    ],
)
def test_anything_else_makes_another_content(other: Document) -> None:
    assert taken(event(**other)).content() != taken(event()).content()


def test_a_fact_is_shown_as_the_event_it_was() -> None:
    sent = event(partitionkey="7")
    assert taken(sent).event() == sent
    assert read_fact(taken(sent).event()) == taken(sent)


# The known types ----------------------------------------------------------------------------------------------------


CONTRACT = """
    contact.added contact.removed contact.blocked staff.assigned profile.changed tag.added tag.removed message.sent
    message.received feedback.given content.sent content.failed content.delivered content.viewed content.clicked
    form.submitted call.made call.answered order.paid order.refunded survey.answered stage.set note.added
    opportunity.done opportunity.skipped opportunity.snoozed task.done task.skipped push.paused push.resumed opted_out
    group.created group.dismissed group.joined group.left group.message checkin.done referral.made points.changed
    fact.voided customer.erased
"""


def test_the_known_types_are_those_of_the_contract() -> None:
    known = CONTRACT.split()
    assert sorted(PUBLIC_FIELDS) == sorted(known)


def test_what_commands_make_is_named() -> None:
    opportunity = {"opportunity.done", "opportunity.skipped", "opportunity.snoozed"}
    assert {"stage.set", "content.sent", "fact.voided", "customer.erased", *opportunity} == COMMAND_TYPES


def test_attributes_texts_and_reasons_are_never_public() -> None:
    named = {field for fields in PUBLIC_FIELDS.values() for field in fields}
    assert not named & {"attributes", "text", "reason", "name", "referred"}
    assert PUBLIC_FIELDS["profile.changed"] == frozenset()
