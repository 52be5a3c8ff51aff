"""The bytes that are proved: everything that is read of an entry, and each part of it counts."""

from dataclasses import fields, replace
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_log.entry import FACT, Entry
from event_log.log import EventLog
from tests.event_log.given import a_fact, a_publication, rows, stored

ENTRY = Entry(UUID(int=1), 2, FACT, b'{"v":1}', 3, UUID(int=4), "call.made", -5, 6)
OTHER: dict[str, Any] = {
    "originator_id": UUID(int=9), "originator_version": 9, "topic": "t", "state": b"s", "position": 9,
    "event_id": UUID(int=8), "fact_type": "f", "occurred_at": 9, "recorded_at": 9,
}  # fmt: skip


def test_the_layout_is_the_one_described() -> None:
    assert ENTRY.leaf() == (
        b"trailbook/entry/1\n"
        + (3).to_bytes(8, "big")
        + bytes(15) + b"\1"
        + (2).to_bytes(8, "big")
        + bytes(15) + b"\4"
        + b"\0\0\0\4fact"
        + b"\0\0\0\x09call.made"
        + b"\xff\xff\xff\xff\xff\xff\xff\xfb"
        + (6).to_bytes(8, "big")
        + b'\0\0\0\7{"v":1}'
    )  # fmt: skip


def test_the_hash_is_that_of_a_leaf_in_rfc_6962() -> None:
    assert ENTRY.leaf_hash() == sha256(b"\0" + ENTRY.leaf()).digest()
    assert ENTRY.leaf_hash().hex() == "cd85acd82153475cff24ac70d597ab3eb564dc80cdd84bb1dc1b2a2e18859e7b"


@pytest.mark.parametrize("name", [field.name for field in fields(Entry)])
def test_every_field_counts(name: str) -> None:
    assert replace(ENTRY, **{name: OTHER[name]}).leaf() != ENTRY.leaf()


short = st.text("abé", max_size=3)


@given(short, short, st.binary(max_size=3), short, short, st.binary(max_size=3))
def test_no_part_can_be_mistaken_for_its_neighbour(a: str, b: str, c: bytes, d: str, e: str, f: bytes) -> None:
    one, other = replace(ENTRY, topic=a, fact_type=b, state=c), replace(ENTRY, topic=d, fact_type=e, state=f)
    assert (one.leaf() == other.leaf()) == (one == other)


def test_the_ledger_holds_the_leaf_of_every_entry_as_it_is_read(log: EventLog, database: str) -> None:
    stored(log, a_fact("1"), a_fact("2", customer="b", text="😀"))
    log.publications.publish("course-sales", lambda present, now: a_publication())
    stored(log, a_fact("3", type="没有人知道"))
    leaves = rows(database, "select leaf_hash from ledger order by position")
    assert [(entry.leaf_hash(),) for entry in log.reading.entries(0, 10)] == leaves
    assert len(leaves) == 4
