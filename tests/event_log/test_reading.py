"""Reading: by position, by identity, by customer, until when; an erased customer crashes nobody, damage is named."""

from uuid import UUID

import psycopg
import pytest

import event_log.reading
from domain.facts import Fact
from domain.instants import SECOND
from domain.refusals import AheadOfNow, EntryDamaged, UnknownCustomer, UnknownPosition
from event_log.log import EventLog
from event_log.reading import CustomerFacts
from event_log.state import Publication, SealedFact
from tests.event_log.given import a_fact, a_publication, erase_key, facts, rows, stored


def test_a_page_ends_with_the_last_position_looked_at(log: EventLog) -> None:
    stored(log, *facts(5))
    first = log.reading.page(0, 3)
    assert [fact.position for fact in first.facts] == [1, 2, 3]
    second = log.reading.page(first.looked_at, 3)
    assert [fact.position for fact in second.facts] == [4, 5]
    assert (first.looked_at, second.looked_at, log.reading.page(5, 3).looked_at) == (3, 5, 5)


def test_a_publication_has_a_position_and_is_no_fact(log: EventLog) -> None:
    stored(log, a_fact("1"))
    log.publications.publish("course-sales", lambda present, now: a_publication())
    stored(log, a_fact("2"))
    page = log.reading.page(1, 1)
    assert (page.facts, page.looked_at) == ((), 2)
    assert [fact.position for fact in log.reading.page(0, 10).facts] == [1, 3]
    assert isinstance(log.reading.at(2), Publication)
    kinds = [type(one) for one in log.reading.opened(log.reading.entries(0, 10))]
    assert kinds == [Fact, Publication, Fact]


def test_a_page_of_one_type_looks_at_a_bounded_stretch(log: EventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_log.reading, "LOOKED_AT", 4)
    stored(log, *facts(5), a_fact("6", type="call.made"), a_fact("7"), a_fact("8", type="call.made"))
    pages = [log.reading.page(after, 1, type="call.made") for after in (0, 4, 6)]
    assert [[fact.position for fact in page.facts] for page in pages] == [[], [6], [8]]
    assert [page.looked_at for page in pages] == [4, 6, 8]


def test_a_page_of_one_customer(log: EventLog) -> None:
    stored(log, a_fact("1"), a_fact("2", customer="b"), a_fact("3", type="call.made"), a_fact("4"))
    page = log.reading.page(0, 2, subject="wmAbc123")
    assert ([fact.position for fact in page.facts], page.looked_at) == ([1, 3], 3)
    assert [fact.position for fact in log.reading.page(1, 9, subject="wmAbc123", type="call.made").facts] == [3]
    nobody = log.reading.page(0, 2, subject="nobody")
    assert (nobody.facts, nobody.looked_at) == ((), 4)


def test_a_fact_is_found_by_position_and_by_identity(log: EventLog) -> None:
    stored(log, a_fact("1"), a_fact("2"))
    assert log.reading.at(2) == log.reading.fact("wecom/acme", "2")
    assert log.reading.fact("wecom/acme", "3") is None
    for position in (0, 3):
        with pytest.raises(UnknownPosition):
            log.reading.at(position)


def test_one_customer_up_to_a_position(log: EventLog) -> None:
    stored(log, a_fact("1"), a_fact("2", customer="b"), a_fact("3"))
    assert [fact.id for fact in log.reading.customer("wmAbc123").facts] == ["1", "3"]
    assert [fact.id for fact in log.reading.customer("wmAbc123", 2).facts] == ["1"]
    for subject, position in (("nobody", None), ("b", 1)):
        with pytest.raises(UnknownCustomer):
            log.reading.customer(subject, position)


def test_the_librarys_repository_restores_what_we_read_in_bulk(log: EventLog) -> None:
    stored(log, *facts(3), *facts(3, customer="b", first=10), *facts(3, first=20))
    number = log.reading.number("wmAbc123")
    assert number is not None
    assert log.reading.customers([number], 9) == {number: log.reading.customer("wmAbc123")}


def test_many_customers_at_once(log: EventLog) -> None:
    stored(log, *(a_fact(str(number), customer=f"customer-{number % 3}") for number in range(9)))
    numbers = log.reading.numbers(UUID(int=0), 10)
    found = log.reading.customers(numbers, 6)
    named = {one.subject: [fact.id for fact in one.facts] for one in found.values() if isinstance(one, CustomerFacts)}
    assert named == {"customer-0": ["0", "3"], "customer-1": ["1", "4"], "customer-2": ["2", "5"]}
    assert log.reading.customers([UUID(int=7)], 9) == {}
    assert log.reading.numbers(numbers[0], 1) == [numbers[1]]


def test_an_erased_customer_is_read_as_erased(log: EventLog, database: str) -> None:
    stored(log, a_fact("1"), a_fact("2", customer="b"))
    number = log.reading.number("wmAbc123")
    assert number is not None
    erase_key(database, "wmAbc123")
    sealed = log.reading.at(1)
    assert isinstance(sealed, SealedFact)
    assert sealed.data == {"content": "price-list", "staff": "zhang"}
    assert [type(fact) for fact in log.reading.page(0, 9).facts] == [SealedFact, Fact]
    erased = log.reading.customer("wmAbc123")
    assert (erased.erased, erased.facts, erased.sealed) == (True, [], [sealed])
    assert log.reading.customers([number], 9) == {number: erased}


def test_damage_is_named_and_stays_with_its_customer(log: EventLog, database: str) -> None:
    stored(log, a_fact("1"), a_fact("2", customer="b"))
    with psycopg.connect(database) as connection:
        connection.execute("alter table entries disable trigger kept")
        connection.execute("update entries set event_id = gen_random_uuid() where notification_id = 1")
    damaged, sound = log.reading.number("wmAbc123"), log.reading.number("b")
    assert damaged is not None
    assert sound is not None
    found = log.reading.customers([damaged, sound], 9)
    assert isinstance(found[damaged], EntryDamaged)
    assert isinstance(found[sound], CustomerFacts)
    with pytest.raises(EntryDamaged, match="Position 1"):
        log.reading.at(1)


def test_a_changed_key_is_named_and_stays_with_its_customer(log: EventLog, database: str) -> None:
    stored(log, a_fact("1"), a_fact("2", customer="b"))
    rows(database, "update customer_keys set key_id = gen_random_uuid() where customer = "
         "(select customer from customers where subject = 'b') returning 1")  # fmt: skip
    found = log.reading.customers(log.reading.numbers(UUID(int=0), 9), 9)
    assert sorted(type(one).__name__ for one in found.values()) == ["CustomerFacts", "EntryDamaged"]
    assert isinstance(log.reading.at(1), Fact)
    with pytest.raises(EntryDamaged, match="kept key"):
        log.reading.at(2)


def test_an_instant_of_knowledge_becomes_a_position(log: EventLog, database: str) -> None:
    before = log.reading.now()
    stored(log, a_fact("1"), a_fact("2"))
    stored(log, a_fact("3"))
    at = dict(rows(database, "select position, recorded_at from ledger"))
    assert log.reading.position_at(before) == 0
    assert log.reading.position_at(at[1]) == 2
    assert log.reading.position_at(at[3] - 1) == 2
    assert log.reading.position_at(at[3]) == 3


def test_knowledge_ahead_of_the_databases_clock_is_refused(log: EventLog) -> None:
    with pytest.raises(AheadOfNow, match="It is 20"):
        log.reading.position_at(log.reading.now() + 10 * SECOND)
    assert log.reading.position_at(log.reading.now()) == 0


def test_publications_of_all_journeys_in_order(log: EventLog) -> None:
    for journey in ("a", "b", "a"):
        log.publications.publish(journey, lambda present, now: a_publication())
    found = [(one.journey, one.version, one.position) for one in log.reading.publications()]
    assert found == [("a", 1, 1), ("b", 1, 2), ("a", 2, 3)]
    assert [one.journey for one in log.reading.publications(2)] == ["a", "b"]
