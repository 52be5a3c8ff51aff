"""What becomes of a message of Segment's clients: every kind, every fault, and nothing of a second sending."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.openapi.messages import BY_KIND
from api.segment_messages import KINDS, read_message
from domain.facts import Fact
from domain.instants import instant
from domain.refusals import Fault
from domain.strict_json import UnfitNumber

LATEST = instant("2026-03-02T00:00:00Z")
SAID: dict[str, Any] = {
    "messageId": "m-1",
    "userId": "wmAbc123",
    "anonymousId": None,
    "timestamp": "2026-03-01T12:30:05.123+08:00",
    "context": {"library": {"name": "analytics-python", "version": "2.4.0"}, "ip": "203.0.113.7"},
    "integrations": {},
}
OF_KIND: dict[str, dict[str, Any]] = {
    "track": {"event": "Order Completed", "properties": {"total": 59.9, "products": [{"sku": "a"}]}},
    "identify": {"traits": {"city": "杭州", "plan": None}},
    "page": {"name": "Prices", "category": "Shop", "properties": {"url": "/prices", "name": "old"}},
    "screen": {"name": "Home", "category": None, "properties": {}},
    "group": {"groupId": "acme", "traits": {"seats": 12}},
    "alias": {"previousId": "visitor-9"},
}


def message(kind: str, **more: Any) -> dict[str, Any]:
    return {**SAID, "type": kind, **OF_KIND[kind], **more}


def read(sent: Any, kind: str | None = None) -> Fact:
    found = read_message(sent, "segment/shop", LATEST, kind)
    assert isinstance(found, Fact), found
    return found


def faults(sent: Any, kind: str | None = None) -> list[Fault]:
    found = read_message(sent, "segment/shop", LATEST, kind)
    assert isinstance(found, list), found
    return found


@pytest.mark.parametrize(
    ("kind", "type", "sequence", "data"),
    [
        ("track", "Order Completed", "1", {"total": 59.9, "products": [{"sku": "a"}]}),
        ("identify", "profile.changed", "0", {"attributes": {"city": "杭州", "plan": None}}),
        ("page", "page.viewed", "1", {"url": "/prices", "name": "Prices", "category": "Shop"}),
        ("screen", "screen.viewed", "1", {"name": "Home"}),
        ("group", "account.identified", "1", {"account": "acme", "attributes": {"seats": 12}}),
        ("alias", "identity.linked", "1", {"previous": "visitor-9"}),
    ],
)
def test_each_kind_becomes_one_fact(kind: str, type: str, sequence: str, data: dict[str, Any]) -> None:
    assert read(message(kind)).event() == {
        "specversion": "1.0",
        "id": "m-1",
        "source": "segment/shop",
        "type": type,
        "subject": "wmAbc123",
        "time": "2026-03-01T04:30:05.123000Z",
        "sequence": sequence,
        "data": data,
    }


def test_all_kinds_are_described() -> None:
    assert KINDS.keys() == BY_KIND.keys() == OF_KIND.keys()


def test_the_address_says_the_kind_where_the_message_does_not() -> None:
    without = {name: value for name, value in message("track").items() if name != "type"}

    assert read(without, "track") == read(message("track"), "track") == read(message("track"))
    assert [fault.pointer for fault in faults(message("track"), "identify")] == ["/type"]
    assert [fault.pointer for fault in faults(without)] == ["/type"]


def test_who_has_no_user_is_known_by_the_anonymous_id_and_who_has_both_keeps_both() -> None:
    anonymous = read(message("track", userId=None, anonymousId="visitor-9"))
    empty = read(message("track", userId="", anonymousId="visitor-9"))
    both = read(message("track", anonymousId="visitor-9"))

    assert (anonymous.customer, anonymous.extensions) == ("visitor-9", {})
    assert empty == anonymous
    assert (both.customer, both.extensions) == ("wmAbc123", {"anonymousid": "visitor-9"})


def test_the_original_timestamp_stands_in_for_one_that_is_missing() -> None:
    original = read(message("track", timestamp=None, originalTimestamp="2026-02-01T00:00:00Z"))

    assert original.occurred_at == instant("2026-02-01T00:00:00Z")
    assert read(message("track", originalTimestamp="2026-02-01T00:00:00Z")) == read(message("track"))


def test_traits_in_the_context_are_those_of_an_identify() -> None:
    """As RudderStack's client sends them."""
    sent = message("identify", traits=None, context={"traits": {"city": "杭州"}})

    assert read(sent).data == {"attributes": {"city": "杭州"}}
    (fault,) = faults(sent | {"context": {"traits": {"city": "\0"}}})
    assert fault.pointer == "/context/traits/city"


@given(
    again=st.fixed_dictionaries(
        {},
        optional={
            "sentAt": st.text(),
            "receivedAt": st.text(),
            "writeKey": st.text(),
            "channel": st.text(),
            "integrations": st.dictionaries(st.text(), st.booleans()),
            "context": st.dictionaries(st.sampled_from(["library", "ip", "userAgent", "page"]), st.text()),
        },
    ),
    kind=st.sampled_from(sorted(KINDS)),
)
@settings(max_examples=30)
def test_what_a_client_writes_anew_does_not_enter_the_fact(again: dict[str, Any], kind: str) -> None:
    assert read(message(kind) | again).content() == read(message(kind)).content()


@pytest.mark.parametrize(
    ("kind", "wrong", "pointers"),
    [
        ("track", {"messageId": None}, ["/messageId"]),
        ("track", {"messageId": ""}, ["/messageId"]),
        ("track", {"messageId": 7}, ["/messageId"]),
        ("track", {"userId": None}, ["/userId"]),
        ("track", {"userId": 7}, ["/userId"]),
        ("track", {"anonymousId": 7}, ["/anonymousId"]),
        ("track", {"event": None}, ["/event"]),
        ("track", {"event": "\ud800"}, ["/event"]),
        ("track", {"properties": [1]}, ["/properties"]),
        ("track", {"properties": {"a/b": {"c": ["\0"]}}}, ["/properties/a~1b/c/0"]),
        ("track", {"properties": {"n": UnfitNumber("1e15")}}, ["/properties/n"]),
        ("track", {"timestamp": None}, ["/timestamp"]),
        ("track", {"timestamp": "2026-03-01 12:30"}, ["/timestamp"]),
        ("track", {"timestamp": "2026-03-02T00:00:01Z"}, ["/timestamp"]),
        ("track", {"timestamp": None, "originalTimestamp": "soon"}, ["/originalTimestamp"]),
        ("track", {"messageId": None, "event": 1, "properties": 2}, ["/messageId", "/event", "/properties"]),
        ("identify", {"traits": "x"}, ["/traits"]),
        ("page", {"name": 7}, ["/name"]),
        ("screen", {"category": "\0"}, ["/category"]),
        ("group", {"groupId": None}, ["/groupId"]),
        ("alias", {"userId": None, "anonymousId": "visitor-9"}, ["/userId"]),
        ("alias", {"previousId": ""}, ["/previousId"]),
    ],
)
def test_what_is_wrong_is_named_where_the_client_wrote_it(
    kind: str, wrong: dict[str, Any], pointers: list[str]
) -> None:
    assert [fault.pointer for fault in faults(message(kind, **wrong))] == pointers


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3) | st.just(UnfitNumber("1e99")),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
MEMBERS = st.sampled_from([*SAID, "originalTimestamp", "type", "event", "properties", "traits", "name", "groupId"])


@given(kind=st.sampled_from(sorted(KINDS)), changed=st.dictionaries(MEMBERS, ANYTHING, max_size=3), whole=ANYTHING)
def test_whatever_is_sent_is_a_fact_or_has_faults(kind: str, changed: dict[str, Any], whole: Any) -> None:
    for sent in (message(kind) | changed, whole):
        found = read_message(sent, "segment", LATEST)
        assert isinstance(found, Fact) or (found and all(isinstance(fault, Fault) for fault in found))
