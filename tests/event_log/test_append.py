"""What the door promises: order without holes, each fact once, each request whole or not at all."""

from dataclasses import replace

from domain.facts import Fact
from domain.refusals import CustomerErased, FactsConflict, TooLarge
from event_log.drafting import LARGEST_FACT
from event_log.judging import Stored
from event_log.log import EventLog
from tests.event_log.given import NOON, a_fact, erase_key, facts, refused, rows, stored


def test_facts_come_back_as_they_were_sent_in_order(log: EventLog) -> None:
    sent = [
        a_fact("1", _type_="evil", _data_=1, nested={"_type_": "evil", "_data_": {"v": 9, "box": "x"}}),
        a_fact("2", type="what.nobody.knows", amount=12.5, none=None, texts=["电话", "😀", ""], yes=True),
        replace(a_fact("3"), sequence="000017", extensions={"traceparent": "00-1", "urgent": True}),
        replace(a_fact("4", type="profile.changed", attributes={"生日": "01-02"}), occurred_at=-62135596800000000),
    ]
    assert stored(log, *sent) == Stored(accepted=4, duplicates=0, position=4)
    found = log.reading.page(0, 10).facts
    assert [replace(fact, position=None, recorded_at=None) for fact in found if isinstance(fact, Fact)] == sent
    assert [fact.position for fact in found] == [1, 2, 3, 4]


def test_one_transaction_has_one_time_and_time_never_goes_back(log: EventLog, database: str) -> None:
    for number in range(5):
        stored(log, *facts(3, first=number * 3))
    times = [time for (time,) in rows(database, "select recorded_at from ledger order by position")]
    assert times == sorted(times)
    assert [len(set(times[start : start + 3])) for start in range(0, 15, 3)] == [1] * 5
    assert len(set(times)) == 5
    assert rows(database, "select count(*) from ledger l join entries e on e.notification_id = l.position "
                "where e.recorded_at = l.recorded_at and e.originator_version = l.version") == [(15,)]  # fmt: skip


def test_recorded_at_does_not_follow_a_clock_set_back(log: EventLog, database: str) -> None:
    stored(log, a_fact("1"))
    ahead = rows(database, "insert into ledger select 2, customer, 2, recorded_at + 3600000000, leaf_hash from ledger "
                 "returning recorded_at")[0][0]  # fmt: skip
    stored(log, a_fact("2", customer="another"))
    # No two transactions share a time: each is one change of belief.
    assert rows(database, "select recorded_at from ledger where position = 3") == [(ahead + 1,)]


def test_versions_count_per_customer_across_transactions(log: EventLog, database: str) -> None:
    stored(log, a_fact("1"), a_fact("2", customer="b"), a_fact("3"))
    stored(log, a_fact("4", customer="b"), a_fact("5"))
    versions = rows(database, "select originator_version from entries order by notification_id")
    assert versions == [(1,), (1,), (2,), (2,), (3,)]


def test_a_repeated_fact_is_answered_with_its_first_position(log: EventLog) -> None:
    stored(log, a_fact("1"), a_fact("2"))
    assert stored(log, a_fact("1")) == Stored(accepted=0, duplicates=1, position=1)
    assert stored(log, a_fact("1"), a_fact("3"), a_fact("3")) == Stored(accepted=1, duplicates=2, position=3)
    assert log.reading.head() == 3


def test_a_retry_with_another_trace_and_order_of_names_is_the_same_fact(log: EventLog) -> None:
    stored(log, replace(a_fact("1", a=1, b=2), extensions={"traceparent": "1"}))
    again = replace(a_fact("1", b=2, a=1), extensions={"traceparent": "2"})
    assert stored(log, again).duplicates == 1


def test_another_content_is_a_conflict_and_stored_nowhere(log: EventLog) -> None:
    stored(log, a_fact("0"), a_fact("1"))
    others = [
        a_fact("1", content="x"),
        a_fact("1", customer="b"),
        a_fact("1", type="call.made"),
        replace(a_fact("1"), sequence="1"),
        replace(a_fact("1"), occurred_at=NOON + 1),
        replace(a_fact("1"), extensions={"urgent": True}),
    ]
    for outcome in log.intake.append([[a_fact("9", customer="newcomer"), other] for other in others]):
        assert isinstance(outcome, FactsConflict)
        assert [(fault.index, fault.position) for fault in outcome.faults] == [(1, 2)]
    assert log.reading.head() == 2
    assert log.reading.number("newcomer") is None


def test_two_contents_within_a_request_conflict(log: EventLog) -> None:
    refusal = refused(log.intake.append([[a_fact("1"), a_fact("1", content="x")]])[0])
    assert isinstance(refusal, FactsConflict)
    assert [(fault.index, fault.position) for fault in refusal.faults] == [(1, None)]
    assert log.reading.head() == 0


def test_a_refused_request_sinks_no_other_of_its_group(log: EventLog, database: str) -> None:
    outcomes = log.intake.append(
        [
            [a_fact("1")],
            [a_fact("2"), a_fact("1", content="x")],
            [],
            [a_fact("2", content="the first was refused, so this is no conflict")],
            [a_fact("1")],
            [a_fact("3", text="x" * (LARGEST_FACT + 1))],
        ]
    )
    assert outcomes[0] == Stored(1, 0, 1)
    assert isinstance(outcomes[1], FactsConflict)
    assert outcomes[1].faults[0].position == 1
    assert outcomes[2:5] == [Stored(0, 0, 0), Stored(1, 0, 2), Stored(0, 1, 1)]
    assert isinstance(outcomes[5], TooLarge)
    assert rows(database, "select position from ledger order by position") == [(1,), (2,)]


def test_nothing_to_store_is_no_error(log: EventLog) -> None:
    assert log.intake.append([]) == []
    assert log.intake.append([[], []]) == [Stored(0, 0, 0), Stored(0, 0, 0)]


def test_a_subject_longer_than_an_index_allows(log: EventLog) -> None:
    long = "wm" + "长" * 3000
    assert stored(log, a_fact("1", customer=long), a_fact("2" * 5000, customer=long)).position == 2
    assert stored(log, a_fact("1", customer=long)).duplicates == 1
    assert log.reading.customer(long).facts[0].customer == long


def test_a_fact_of_an_erased_customer_is_refused(log: EventLog, database: str) -> None:
    stored(log, a_fact("1"))
    erase_key(database, "wmAbc123")
    outcomes = log.intake.append([[a_fact("2")], [a_fact("1")], [a_fact("3", customer="b")]])
    assert [type(outcome) for outcome in outcomes] == [CustomerErased, CustomerErased, Stored]
    assert log.reading.head() == 2


def test_a_fact_is_not_stored_under_a_name_given_to_the_next(log: EventLog, database: str) -> None:
    # Once the name is gone too she is nobody the log knows, but what it holds of her is not hers to send again.
    stored(log, a_fact("1"))
    erase_key(database, "wmAbc123")
    rows(database, "delete from customers returning 1")
    outcomes = log.intake.append([[a_fact("1")], [a_fact("2")]])
    assert [type(outcome) for outcome in outcomes] == [CustomerErased, Stored]
