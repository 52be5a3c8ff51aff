"""What a process remembers of customers never outlives its truth, whoever else writes meanwhile."""

import os
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from domain.facts import Fact
from event_log.acquaintances import Acquaintances
from event_log.connections import Pool
from event_log.judging import Stored
from event_log.log import EventLog, open_log
from event_log.sealing import MasterKey
from tests.event_log.given import MASTER_KEY, a_fact, a_publication, erase_key, rows, stored

KEY = MasterKey(MASTER_KEY).new_customer("c", UUID(int=1), UUID(int=2), lambda count: b"\7" * count)


def test_two_processes_that_write_in_turn_count_the_versions_of_all(log: EventLog, pool: Pool, database: str) -> None:
    other = open_log(pool, MASTER_KEY, uuid4, os.urandom, {})
    for turn in range(6):
        writer = (log, log, other)[turn % 3]
        stored(writer, a_fact(f"{turn}-1"), a_fact(f"{turn}-2", customer=f"c{turn % 2}"))
        if turn == 3:
            log.publications.publish("course-sales", lambda present, now: a_publication())
    versions = rows(
        database, "select originator_id, array_agg(originator_version order by notification_id) from entries group by 1"
    )
    assert all(found == list(range(1, len(found) + 1)) for _, found in versions)
    assert sorted(len(found) for _, found in versions) == [1, 3, 3, 6]


def test_a_customer_made_anew_under_an_erased_name_is_another(log: EventLog, pool: Pool, database: str) -> None:
    other = open_log(pool, MASTER_KEY, uuid4, os.urandom, {})
    stored(log, a_fact("1"))
    first = log.reading.number("wmAbc123")
    erase_key(database, "wmAbc123")
    rows(database, "delete from customers returning 1")
    stored(other, a_fact("2"))
    # This one still has the key of the first, and must find the second.
    assert stored(log, a_fact("3")) == Stored(1, 0, 3)
    found = log.reading.customer("wmAbc123")
    assert log.reading.number("wmAbc123") != first
    assert [fact.id for fact in found.facts if isinstance(fact, Fact)] == ["2", "3"]


def test_versions_hold_only_where_the_log_ends_as_it_was_left() -> None:
    known = Acquaintances()
    known.wrote((0, b""), (2, b"leaf"), {b"a": 2})
    assert known.versions((2, b"leaf"), [b"a", b"b"]) == {b"a": 2}
    assert known.versions((3, b"more"), [b"a"]) is None
    # As long, and another: a standby took over that had not heard of ours.
    assert known.versions((2, b"else"), [b"a"]) is None
    known.wrote((3, b"more"), (4, b"last"), {b"b": 1})
    assert known.versions((4, b"last"), [b"a", b"b"]) == {b"b": 1}
    known.unsure()
    assert known.versions((4, b"last"), [b"b"]) is None


@given(st.permutations([1, 2, 3, 4]))
def test_who_tells_late_that_they_wrote_spoils_nothing(order: list[int]) -> None:
    known = Acquaintances()
    for end in order:
        known.wrote((end - 1, b"leaf %d" % (end - 1)), (end, b"leaf %d" % end), {b"a": end})
    assert known.versions((4, b"leaf 4"), [b"a"]) == {b"a": 4}


def test_not_more_are_remembered_than_there_is_room_for() -> None:
    known = Acquaintances(most=4)
    for number in range(20):
        known.met({b"%d" % number: KEY})
        known.wrote((number, b""), (number + 1, b""), {b"%d" % number: 1})
    assert known.key(b"19") is KEY
    assert known.key(b"0") is None
    assert sum(known.key(b"%d" % number) is not None for number in range(20)) <= 4
    remembered = known.versions((20, b""), [b"%d" % number for number in range(20)])
    assert remembered is not None
    assert 1 <= len(remembered) <= 4
