"""What is stored of a fact: only what is public can be read without the key, and the bytes mean the same for ever."""

import hmac
import itertools
import json
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.facts import PUBLIC_FIELDS, Fact
from domain.refusals import EntryDamaged, WrongMasterKey
from event_log.entry import FACT, PUBLICATION, Entry
from event_log.sealing import NONCE, STEP, CustomerKey, KeyedHash, MasterKey, Supply
from event_log.state import (
    NEWEST,
    UPCASTS,
    Publication,
    SealedFact,
    fact_bytes,
    open_fact,
    open_publication,
    publication_state,
)
from tests.event_log.given import MASTER_KEY, NOON, a_fact, a_publication

GOLDEN = Path(__file__).parent / "golden"
EVENT = UUID("00000000-0000-4000-8000-00000000000e")


def key_of(subject: str = "wmAbc123", number: int = 1) -> CustomerKey:
    def bytes_of(count: int) -> bytes:
        return bytes(range(number, number + count))

    return MasterKey(MASTER_KEY).new_customer(subject, UUID(int=number), UUID(int=number + 100), bytes_of)


def entry_of(fact: Fact, key: CustomerKey, event_id: UUID = EVENT) -> Entry:
    state = fact_bytes(fact).sealed(key, event_id, b"\1" * NONCE)
    return Entry(key.number, 1, FACT, state, 1, event_id, fact.type, fact.occurred_at, NOON + 1)


# What the door lets through: no NUL, no half of a surrogate pair; whole numbers are int.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
names = st.one_of(texts, st.sampled_from(["_type_", "_data_", "v", "box", "open", "content", "staff", "feedback"]))
numbers = st.one_of(
    st.integers(-(10**12) + 1, 10**12 - 1), st.decimals(-9999, 9999, places=4).map(float).filter(lambda x: x % 1 != 0)
)
values = st.recursive(
    st.one_of(texts, numbers, st.booleans(), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=3)),
    max_leaves=6,
)
sent = st.builds(
    Fact,
    source=texts,
    id=texts,
    type=st.one_of(st.sampled_from(sorted(PUBLIC_FIELDS)), texts),
    customer=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=6, max_size=30),
    occurred_at=st.integers(-62135596800000000, 253402300799999999),
    sequence=texts,
    data=st.dictionaries(names, values, max_size=5),
    extensions=st.dictionaries(st.sampled_from(["traceparent", "urgent", "data", "id"]), st.one_of(texts, numbers)),
)


@given(st.binary(min_size=1, max_size=64), st.binary(max_size=200))
def test_a_keyed_hash_is_hmac_sha_256(key: bytes, text: bytes) -> None:
    hashed = KeyedHash(key)
    assert hashed.of(text) == hashed.of(text) == hmac.digest(key, text, "sha256")


@given(st.lists(st.integers(1, 40)))
def test_no_random_byte_is_given_out_twice(counts: list[int]) -> None:
    drawn = iter(range(10**6))
    supply = Supply(lambda count: bytes(next(drawn) % 256 for _ in range(count)), draw=100)
    taken = b"".join(supply.take(count) for count in counts)
    skipped = 0
    for before, after in itertools.pairwise(taken):
        skipped += (after - before) % 256 != 1
    assert len(taken) == sum(counts)
    assert skipped <= sum(counts) // 60 + 1


@given(sent)
def test_a_fact_survives_the_round_trip(fact: Fact) -> None:
    key = key_of(fact.customer)
    assert open_fact(entry_of(fact, key), key) == replace(fact, recorded_at=NOON + 1, position=1)


@given(sent, st.sampled_from(["staff", "content", "by", "hold"]), texts, texts)
def test_the_stored_bytes_never_hold_the_subject(fact: Fact, name: str, before: str, after: str) -> None:
    # Also where a sender put it into a field that is public, with or without text around it.
    named = replace(fact, type="stage.set", data={**fact.data, name: before + fact.customer + after})
    for one in (fact, named, replace(named, type="content.clicked")):
        state = entry_of(one, key_of(one.customer)).state
        assert one.customer not in json.dumps(json.loads(state)["open"], ensure_ascii=False)
        assert set(json.loads(state)["open"]) <= PUBLIC_FIELDS.get(one.type, frozenset())


@pytest.mark.parametrize("subject", ['a "quoted" name', "back\\slash", '"staff":"zhang"', 'ff":"zh', "zhang"])
def test_no_spelling_of_the_subject_is_in_the_open(subject: str) -> None:
    # Escaped in JSON it is not the subject's bytes, and pieces of JSON are not the value's: neither may show.
    for fact in (a_fact(customer=subject, staff=f"<{subject}>"), a_fact(customer=subject, staff="zhang")):
        opened = json.loads(entry_of(fact, key_of(subject)).state)["open"]
        assert subject not in json.dumps(opened, separators=(",", ":"), ensure_ascii=False)
        assert not any(subject in value for value in opened.values())


def test_only_public_fields_are_in_the_open() -> None:
    state = json.loads(entry_of(a_fact(content="a", staff={"name": "zhang"}, phone="13800000000"), key_of()).state)
    assert state["open"] == {"content": "a"}
    assert set(state) == {"box", "open", "v"}
    assert b"13800000000" not in b64decode(state["box"])


def test_unknown_types_and_attributes_are_personal() -> None:
    assert json.loads(entry_of(a_fact(type="of.tomorrow"), key_of()).state)["open"] == {}
    assert json.loads(entry_of(a_fact(type="profile.changed", attributes={"a": 1}), key_of()).state)["open"] == {}


@pytest.mark.parametrize("length", [0, 1, 20])
def test_the_length_of_a_short_text_is_hidden(length: int) -> None:
    box = b64decode(json.loads(entry_of(a_fact(text="x" * length), key_of()).state)["box"])
    assert (len(box) - NONCE - 16) % STEP == 0
    assert len(box) == NONCE + 16 + 2 * STEP


def test_without_the_key_what_is_public_stays() -> None:
    found = open_fact(entry_of(a_fact(), key_of()), None)
    assert found == SealedFact(1, "content.clicked", NOON, NOON + 1, {"content": "price-list", "staff": "zhang"})


def test_a_box_opens_only_where_it_was_sealed() -> None:
    ours = entry_of(a_fact("1"), key_of())
    other = entry_of(a_fact("2"), key_of(), UUID(int=99))
    for damaged, key in [
        (replace(ours, state=other.state), key_of()),
        (replace(ours, event_id=other.event_id), key_of()),
        (ours, key_of(number=2)),
        (replace(ours, state=ours.state.replace(b'"box":"', b'"box":"AAAA')), key_of()),
        (replace(ours, state=ours.state.replace(b'"box":"', b'"box":"?')), key_of()),
        (replace(ours, state=ours.state.replace(b'"box":"', '"box":"é'.encode())), key_of()),
        (replace(ours, state=b'{"open":{},"v":1}'), key_of()),
        (replace(ours, state=b"not json"), key_of()),
    ]:
        with pytest.raises(EntryDamaged, match="Position 1"):
            open_fact(damaged, key)


@pytest.mark.parametrize("topic", ["os:system", "event_log.entry:Entry", PUBLICATION, ""])
def test_a_topic_is_compared_and_never_imported(topic: str) -> None:
    entry = replace(entry_of(a_fact(), key_of()), topic=topic)
    with pytest.raises(EntryDamaged, match="Position 1 has the topic"):
        open_fact(entry, key_of())


def test_a_state_of_a_newer_release_is_named_as_such() -> None:
    entry = entry_of(a_fact(), key_of())
    with pytest.raises(EntryDamaged, match="newer release, in version 2"):
        open_fact(replace(entry, state=entry.state.replace(b'"v":1', b'"v":2')), key_of())


def test_an_old_state_is_read_through_its_upcasts(monkeypatch: pytest.MonkeyPatch) -> None:
    def renamed(state: dict[str, Any]) -> dict[str, Any]:
        return {**state, "box": {**state["box"], "source": state["box"]["source"].upper()}}

    monkeypatch.setattr("event_log.state.NEWEST", {**NEWEST, FACT: 2})
    upcasts: Mapping[Any, Any] = {**UPCASTS, (FACT, 1): renamed}
    monkeypatch.setattr("event_log.state.UPCASTS", upcasts)
    found = open_fact(entry_of(a_fact(), key_of()), key_of())
    assert isinstance(found, Fact)
    assert found.source == "WECOM/ACME"


def test_every_version_can_be_brought_to_the_newest() -> None:
    assert set(UPCASTS) == {(topic, version) for topic, newest in NEWEST.items() for version in range(1, newest)}


def test_a_fact_is_stored_in_the_bytes_of_version_1() -> None:
    fact = replace(
        a_fact("8f1c", content="price-list", staff="zhang", text="电话 😀"),
        sequence="000017",
        extensions={"traceparent": "00-ab"},
    )
    assert entry_of(fact, key_of()).state + b"\n" == (GOLDEN / "fact-1.json").read_bytes()


def test_a_fact_of_version_1_is_still_read() -> None:
    state = (GOLDEN / "fact-1.json").read_bytes().rstrip()
    fact = open_fact(replace(entry_of(a_fact(), key_of()), state=state), key_of())
    assert isinstance(fact, Fact)
    assert (fact.source, fact.id, fact.sequence, fact.extensions) == (
        "wecom/acme", "8f1c", "000017", {"traceparent": "00-ab"})  # fmt: skip
    assert fact.data == {"content": "price-list", "staff": "zhang", "text": "电话 😀"}


def test_a_publication_is_stored_and_read_in_the_bytes_of_version_1() -> None:
    draft = a_publication(version=2, effective_from=NOON, published_at=NOON + 1, position=1)
    golden = (GOLDEN / "publication-1.json").read_bytes()
    assert publication_state(draft) + b"\n" == golden
    entry = Entry(UUID(int=5), 2, PUBLICATION, golden, 1, EVENT, "", NOON + 1, NOON + 1)
    assert open_publication(entry) == draft
    assert isinstance(open_publication(entry), Publication)


def test_a_kept_key_belongs_to_one_customer_and_one_master_key() -> None:
    master, key = MasterKey(MASTER_KEY), key_of()
    assert master.unwrap(key.number, key.subject, key.key_id, key.wrapped).content_hash(b"x") == key.content_hash(b"x")
    with pytest.raises(EntryDamaged, match="kept key"):
        master.unwrap(UUID(int=9), key.subject, key.key_id, key.wrapped)
    with pytest.raises(EntryDamaged, match="kept key"):
        MasterKey(b"x" * 32).unwrap(key.number, key.subject, key.key_id, key.wrapped)


def test_a_master_key_has_32_bytes() -> None:
    with pytest.raises(WrongMasterKey, match="32 bytes, this one 3"):
        MasterKey(b"abc")


def test_look_up_hashes_do_not_run_together() -> None:
    master = MasterKey(MASTER_KEY)
    assert master.identity_hash("a", "bc") != master.identity_hash("ab", "c")
    assert master.subject_hash("a") != MasterKey(b"x" * 32).subject_hash("a")


def test_no_key_shows_in_a_repr() -> None:
    assert "wmAbc123" not in repr(key_of())
    assert repr(bytes(range(1, 33)))[2:-1] not in repr(key_of())
