"""What another process does between the look-up of a customer and the lock."""

import os
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from domain.facts import Fact
from domain.refusals import CustomerErased
from event_log.connections import Pool
from event_log.judging import Stored
from event_log.log import EventLog, open_log
from tests.event_log.given import MASTER_KEY, a_fact, erase_key, rows, stored

Interrupted = Callable[[Callable[[], object]], EventLog]


@pytest.fixture
def interrupted(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> Interrupted:
    """A log in which something else happens once, when all is ready for the lock."""

    def build(meanwhile: Callable[[], object]) -> EventLog:
        log = open_log(pool, MASTER_KEY, uuid4, os.urandom, {})
        write, waiting = log.recorder.write, [meanwhile]

        def interrupted_write(*arguments: Any) -> Any:
            while waiting:
                waiting.pop()()
            return write(*arguments)

        monkeypatch.setattr(log.recorder, "write", interrupted_write)
        return log

    return build


def test_a_customer_met_by_two_at_once_is_one_customer(log: EventLog, interrupted: Interrupted, database: str) -> None:
    second = interrupted(lambda: stored(log, a_fact("1"), a_fact("2")))
    assert stored(second, a_fact("3"), a_fact("1")) == Stored(accepted=1, duplicates=1, position=3)
    assert rows(database, "select count(*) from customers") == [(1,)]
    assert [fact.id for fact in log.reading.customer("wmAbc123").facts] == ["1", "2", "3"]


def test_a_customer_erased_meanwhile_gets_no_fact_sealed_under_the_lost_key(
    log: EventLog, interrupted: Interrupted, database: str
) -> None:
    stored(log, a_fact("1"))
    second = interrupted(lambda: erase_key(database, "wmAbc123"))
    outcomes = second.intake.append([[a_fact("2")], [a_fact("3", customer="b")]])
    assert [type(outcome) for outcome in outcomes] == [CustomerErased, Stored]
    assert log.reading.head() == 2


def test_a_customer_whose_name_went_meanwhile_too_is_refused(
    log: EventLog, interrupted: Interrupted, database: str
) -> None:
    stored(log, a_fact("1"))

    def erase() -> None:
        erase_key(database, "wmAbc123")
        rows(database, "delete from customers returning 1")

    assert isinstance(interrupted(erase).intake.append([[a_fact("2")]])[0], CustomerErased)


def test_the_same_fact_sent_by_two_at_once_is_stored_once(log: EventLog, interrupted: Interrupted) -> None:
    stored(log, a_fact("0"))
    second = interrupted(lambda: stored(log, a_fact("1")))
    assert stored(second, a_fact("1")) == Stored(accepted=0, duplicates=1, position=2)
    found = log.reading.at(2)
    assert isinstance(found, Fact)
    assert found.id == "1"
