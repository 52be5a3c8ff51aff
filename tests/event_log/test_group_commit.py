"""Requests that come together are stored together, each as if it were alone."""

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import Any

import psycopg
import pytest

from domain.facts import Fact
from domain.refusals import FactsConflict, FateUnknown, StoreAway, StoreBusy, TooLarge
from event_log.committing import Committing
from event_log.connections import open_pool
from event_log.drafting import LARGEST_GROUP
from event_log.group_commit import Committed, GroupCommit
from event_log.judging import Stored
from event_log.log import EventLog
from tests.event_log.given import a_fact, rows

LOCK = "select pg_advisory_xact_lock(8241001)"


@pytest.fixture
def committed() -> list[Committed]:
    return []


@pytest.fixture
def commit(log: EventLog, committed: list[Committed]) -> GroupCommit:
    return GroupCommit(log.intake, observe=committed.append)


@pytest.fixture
def committing(commit: GroupCommit) -> Iterator[Committing]:
    with closing(Committing(commit)) as committing:
        yield committing


def put(commit: GroupCommit, *request: Fact, now: float = 0.0) -> list[Any]:
    answers: list[Any] = []
    commit.put(commit.prepare(request), now, answers.append)
    return answers


def sent(several: ThreadPoolExecutor, committing: Committing, request: Sequence[Fact]) -> Future[Stored]:
    return several.submit(committing.append, request)


def test_what_waits_goes_into_one_transaction(commit: GroupCommit, committed: list[Committed], database: str) -> None:
    answers = [put(commit, a_fact(str(number), customer=f"c{number}")) for number in range(20)]
    assert commit.queue.requests == 20
    assert commit.step(0.0)
    assert answers == [[Stored(1, 0, number)] for number in range(1, 21)]
    assert rows(database, "select count(distinct recorded_at) from ledger") == [(1,)]
    assert [(one.requests, one.facts) for one in committed] == [(20, 20)]
    assert committed[0].bytes > 20 * 100
    assert 0 <= committed[0].waited_for_lock <= committed[0].seconds
    assert not commit.step(0.0)


def test_a_refused_request_sinks_no_other(commit: GroupCommit) -> None:
    first, other, again = put(commit, a_fact("1")), put(commit, a_fact("1", x=1)), put(commit, a_fact("1"))
    commit.step(0.0)
    assert first + again == [Stored(1, 0, 1), Stored(0, 1, 1)]
    assert isinstance(other[0], FactsConflict)


def test_too_large_is_said_at_once(commit: GroupCommit) -> None:
    with pytest.raises(TooLarge):
        commit.prepare([a_fact(str(n), text="x" * 200_000) for n in range(1 + LARGEST_GROUP // 200_000)])


def test_one_poisonous_request_is_answered_alone(
    commit: GroupCommit, monkeypatch: pytest.MonkeyPatch, database: str
) -> None:
    store = commit._intake.store

    def poisoned(requests: Sequence[Any], *more: Any) -> Any:
        if any(draft.fact.id == "poison" for request in requests for draft in request.drafts):
            raise ZeroDivisionError
        return store(requests, *more)

    monkeypatch.setattr(commit._intake, "store", poisoned)
    answers = [put(commit, a_fact(id)) for id in ("1", "poison", "2")]
    commit.step(0.0)
    assert answers[0] + answers[2] == [Stored(1, 0, 1), Stored(1, 0, 2)]
    assert isinstance(answers[1][0], ZeroDivisionError)
    assert rows(database, "select count(*) from ledger") == [(2,)]


def test_newcomers_of_a_failed_group_are_the_same_people_one_by_one(
    commit: GroupCommit, monkeypatch: pytest.MonkeyPatch, database: str
) -> None:
    write, failures = commit._intake._recorder.write, [ZeroDivisionError()]

    def failing(*arguments: Any) -> Any:
        if failures:
            raise failures.pop()
        return write(*arguments)

    monkeypatch.setattr(commit._intake._recorder, "write", failing)
    answers = [put(commit, a_fact(id, customer="newcomer")) for id in ("1", "2")]
    commit.step(0.0)
    assert answers == [[Stored(1, 0, 1)], [Stored(1, 0, 2)]]
    assert rows(database, "select count(*) from customers") == [(1,)]


def test_a_request_that_was_told_no_is_not_stored_after_all(commit: GroupCommit, database: str) -> None:
    early, late = put(commit, a_fact("1"), now=0.0), put(commit, a_fact("2"), now=1.0)
    commit.expire(1.5)
    commit.step(1.5)
    assert isinstance(early[0], StoreBusy)
    assert late == [Stored(1, 0, 1)]


def test_many_senders_at_once_are_answered_each(
    committing: Committing, committed: list[Committed], log: EventLog
) -> None:
    with ThreadPoolExecutor(16) as several:
        answers = [sent(several, committing, [a_fact(str(number), customer=f"c{number % 7}")]) for number in range(200)]
        positions = sorted(answer.result().position for answer in answers)
    assert positions == list(range(1, 201))
    assert log.reading.head() == 200
    assert sum(one.requests for one in committed) == 200
    assert len(committed) < 150


def test_a_lock_held_too_long_is_told_in_time_and_stores_nothing(
    committing: Committing, log: EventLog, database: str
) -> None:
    with ThreadPoolExecutor(2) as several, psycopg.connect(database) as holder:
        holder.execute(LOCK)
        begun = time.monotonic()
        answers = [sent(several, committing, [a_fact(str(number))]) for number in range(2)]
        for answer in answers:
            with pytest.raises(StoreBusy):
                answer.result(5)
        assert 1.4 < time.monotonic() - begun < 2
        holder.rollback()
    assert committing.append([a_fact("9")]) == Stored(1, 0, 1)
    assert log.reading.head() == 1


def test_what_is_being_stored_when_the_time_is_up_is_told_that_nobody_knows(
    commit: GroupCommit, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit.patience = 0.1
    held = threading.Event()
    write = commit._intake._recorder.write

    def slow(identities: Any, work: Any) -> Any:
        def and_then(writing: Any) -> Any:
            done = work(writing)
            held.wait(5)
            return done

        return write(identities, and_then)

    monkeypatch.setattr(commit._intake._recorder, "write", slow)
    with closing(Committing(commit)) as committing:
        with pytest.raises(FateUnknown, match="send the same again"):
            committing.append([a_fact("1")])
        held.set()
        assert committing.append([a_fact("1")]) == Stored(0, 1, 1)


def test_a_database_away_is_told_in_time_and_the_writer_goes_on_when_it_is_back(
    database: str, log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = open_pool("host=127.0.0.1 port=1 dbname=nothing connect_timeout=1")
    there = log.recorder._pool
    log.recorder._pool = away
    with closing(Committing(GroupCommit(log.intake))) as committing:
        begun = time.monotonic()
        with pytest.raises((StoreAway, StoreBusy)):
            committing.append([a_fact("1")])
        assert time.monotonic() - begun < 2
        log.recorder._pool = there
        assert committing.append([a_fact("1")]) == Stored(1, 0, 1)
    away.close()


def test_at_the_end_what_waits_is_stored_and_nothing_more_is_taken(commit: GroupCommit, database: str) -> None:
    committing = Committing(commit)
    answers: list[Any] = []
    for number in range(3):
        committing.put([a_fact(str(number))], answers.append)
    committing.close()
    assert [type(answer) for answer in answers] == [Stored] * 3
    with pytest.raises(StoreBusy):
        committing.append([a_fact("9")])
