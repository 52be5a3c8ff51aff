"""Commands: decided on what is known, decided again when something came between, stored once under one id."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from domain.facts import Fact
from domain.instants import Instant
from domain.refusals import (
    Conflict,
    CustomerErased,
    FactsConflict,
    FateUnknown,
    Refusal,
    TooLarge,
    UnknownCustomer,
)
from event_log.connections import Pool, open_pool
from event_log.deciding import SOURCE, Command, Decide, Decided
from event_log.log import EventLog, open_log
from event_log.state import Publication
from tests.event_log.given import MASTER_KEY, a_fact, a_publication, erase_key, rows, stored
from tests.faults.wire import Wire, wire

Interrupted = Callable[[Callable[[], object]], EventLog]


def a_command(id: str = "k", *, type: str = "stage.set", customer: str = "wmAbc123", **data: Any) -> Command:
    return Command(type, customer, data or {"stage": "B"}, id)


def always(asked: Fact, known: Sequence[Fact], publications: Sequence[Publication]) -> Sequence[Fact]:
    return ()


def while_facts_are(count: int) -> Decide:
    """A decision that falls with the next fact of the customer."""

    def decide(asked: Fact, known: Sequence[Fact], publications: Sequence[Publication]) -> Sequence[Fact]:
        if len(known) != count:
            raise Conflict(f"{len(known)}")
        return ()

    return decide


def the_clock_stands_at(database: str, instant: Instant) -> None:
    with psycopg.connect(database) as connection:
        connection.execute(f"create or replace function instant_now() returns bigint return {instant}::bigint".encode())


def with_two_more(asked: Fact, known: Sequence[Fact], publications: Sequence[Publication]) -> Sequence[Fact]:
    return [replace(asked, id=f"{asked.id}:{rule}", data={"rule": rule}) for rule in ("a", "b")]


@pytest.fixture
def interrupted(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> Interrupted:
    """A log in which something else happens once, between reading and the lock."""

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


# One command --------------------------------------------------------------------------------------------------------


def test_a_command_is_a_fact_of_ours_at_the_time_of_the_database(log: EventLog) -> None:
    stored(log, a_fact("1"))
    before = log.reading.now()
    done = log.decisions.append(a_command(), always)
    after = log.reading.now()
    [fact] = done.facts
    assert (done.position, done.repeated) == (2, False)
    assert fact == log.reading.at(2)
    assert (fact.source, fact.id, fact.type, fact.customer, dict(fact.data)) == (
        SOURCE, "k", "stage.set", "wmAbc123", {"stage": "B"},
    )  # fmt: skip
    assert before <= fact.occurred_at <= (fact.recorded_at or 0) <= after


def test_it_is_decided_on_all_facts_and_publications(log: EventLog) -> None:
    stored(log, a_fact("1"), a_fact("2", customer="another"), a_fact("3"))
    log.publications.publish("course-sales", lambda present, now: a_publication())
    seen: list[object] = []

    def decide(asked: Fact, known: Sequence[Fact], publications: Sequence[Publication]) -> Sequence[Fact]:
        seen.append(([fact.id for fact in known], [found.position for found in publications]))
        return ()

    log.decisions.append(a_command(), decide)
    assert seen == [(["1", "3"], [4])]


def test_all_facts_of_a_command_are_one_transaction(log: EventLog, database: str) -> None:
    stored(log, a_fact("1"))
    done = log.decisions.append(a_command(), with_two_more)
    assert [(fact.id, fact.position) for fact in done.facts] == [("k", 2), ("k:a", 3), ("k:b", 4)]
    assert rows(database, "select count(distinct xmin::text), count(distinct recorded_at) from ledger "
                "where position > 1") == [(1, 1)]  # fmt: skip


def test_it_happens_after_all_that_happens_at_the_present_instant(log: EventLog, database: str) -> None:
    now = log.reading.now()
    the_clock_stands_at(database, now)
    stored(log, *(replace(a_fact(str(number)), occurred_at=now + number) for number in (1, 2, 4, 9)))
    log.publications.publish("j", lambda present, _: a_publication(effective_from=now + 3))
    # The clock of this command is now + 2: what was recorded before it was recorded at now and now + 1.
    assert log.decisions.append(a_command(), always).facts[0].occurred_at == now + 5


def test_commands_of_one_customer_happen_one_after_the_other_though_the_clock_stands_still_or_is_set_back(
    log: EventLog, database: str
) -> None:
    stored(log, a_fact("1"))
    now = log.reading.now()
    times = []
    for number, clock in enumerate((now, now, now - 1_000_000, now - 1_000_000, now)):
        the_clock_stands_at(database, clock)
        times.append(log.decisions.append(a_command(str(number)), always).facts[0].occurred_at)
    assert times == sorted(set(times))
    assert times[-1] < now + 10


# Refusals -----------------------------------------------------------------------------------------------------------


def test_a_refused_command_leaves_nothing(log: EventLog) -> None:
    stored(log, a_fact("1"))
    with pytest.raises(Conflict):
        log.decisions.append(a_command(), while_facts_are(7))
    assert log.reading.head() == 1


def test_unknown_erased_and_large(log: EventLog, database: str) -> None:
    stored(log, a_fact("1"), a_fact("2", customer="gone"))
    log.decisions.append(a_command("earlier", customer="gone"), always)
    erase_key(database, "gone")
    refused: list[tuple[Command, type[Refusal]]] = [
        (a_command(customer="nobody"), UnknownCustomer),
        (a_command(customer="gone"), CustomerErased),
        (a_command("earlier", customer="gone"), CustomerErased),
        (a_command(reason="x" * 300_000), TooLarge),
    ]
    for command, refusal in refused:
        with pytest.raises(refusal):
            log.decisions.append(command, always)
    assert log.reading.head() == 3


def test_an_id_that_is_taken_by_something_else_is_a_conflict_with_its_position(log: EventLog) -> None:
    stored(log, a_fact("1"), replace(a_fact("k:b"), source=SOURCE))
    with pytest.raises(FactsConflict) as refusal:
        log.decisions.append(a_command(), with_two_more)
    assert [fault.position for fault in refusal.value.faults] == [2]
    assert log.reading.head() == 2


# Something came between ---------------------------------------------------------------------------------------------


def test_a_decision_that_stays_the_same_is_stored(log: EventLog, interrupted: Interrupted) -> None:
    stored(log, a_fact("1"))
    seen: list[int] = []

    def decide(asked: Fact, known: Sequence[Fact], publications: Sequence[Publication]) -> Sequence[Fact]:
        seen.append(len(known))
        return [replace(asked, id=f"{asked.id}:{len(known)}")]

    done = interrupted(lambda: stored(log, a_fact("2"))).decisions.append(a_command(), decide)
    assert seen == [1, 2]
    assert [(fact.id, fact.position) for fact in done.facts] == [("k", 3), ("k:2", 4)]
    assert log.reading.head() == 4
    between = log.reading.at(2)
    assert isinstance(between, Fact)
    assert done.facts[0].occurred_at > (between.recorded_at or 0) > 0


def test_a_decision_that_changes_is_refused_and_leaves_nothing(log: EventLog, interrupted: Interrupted) -> None:
    stored(log, a_fact("1"))
    second = interrupted(lambda: stored(log, a_fact("2")))
    with pytest.raises(Conflict, match="2"):
        second.decisions.append(a_command(), while_facts_are(1))
    assert log.reading.head() == 2


def test_a_publication_that_came_between_counts_too(log: EventLog, interrupted: Interrupted) -> None:
    stored(log, a_fact("1"))

    def decide(asked: Fact, known: Sequence[Fact], publications: Sequence[Publication]) -> Sequence[Fact]:
        if publications:
            raise Conflict()
        return ()

    second = interrupted(lambda: log.publications.publish("j", lambda present, now: a_publication()))
    with pytest.raises(Conflict):
        second.decisions.append(a_command(), decide)
    assert log.reading.head() == 2


def test_what_happens_to_others_is_nothing_to_decide_again_for(log: EventLog, interrupted: Interrupted) -> None:
    stored(log, a_fact("1"))
    asked: list[int] = []

    def decide(_: Fact, known: Sequence[Fact], publications: Sequence[Publication]) -> Sequence[Fact]:
        asked.append(1)
        return ()

    second = interrupted(lambda: stored(log, a_fact("2", customer="another")))
    assert second.decisions.append(a_command(), decide).position == 3
    assert asked == [1]


def test_an_erasure_that_came_between_is_told(log: EventLog, interrupted: Interrupted, database: str) -> None:
    stored(log, a_fact("1"), a_fact("2", customer="another"))

    def erase_all() -> None:
        erase_key(database, "another")
        rows(database, "delete from customers where subject = 'another' returning 1")

    with pytest.raises(CustomerErased):
        interrupted(lambda: erase_key(database, "wmAbc123")).decisions.append(a_command(), always)
    with pytest.raises(UnknownCustomer):
        interrupted(erase_all).decisions.append(a_command(customer="another"), always)
    assert log.reading.head() == 2


def test_an_id_taken_by_a_further_fact_meanwhile_is_a_conflict(log: EventLog, interrupted: Interrupted) -> None:
    stored(log, a_fact("1"))
    second = interrupted(lambda: stored(log, replace(a_fact("k:b"), source=SOURCE)))
    with pytest.raises(FactsConflict):
        second.decisions.append(a_command(), with_two_more)
    assert log.reading.head() == 2


def test_an_id_that_only_the_second_decision_asks_for_is_looked_up_too(log: EventLog, interrupted: Interrupted) -> None:
    stored(log, a_fact("1"))

    def decide(asked: Fact, known: Sequence[Fact], publications: Sequence[Publication]) -> Sequence[Fact]:
        return [replace(asked, id=f"{asked.id}:{len(known)}")]

    second = interrupted(lambda: stored(log, replace(a_fact("k:2"), source=SOURCE)))
    with pytest.raises(FactsConflict) as refusal:
        second.decisions.append(a_command(), decide)
    assert [fault.position for fault in refusal.value.faults] == [2]
    assert log.reading.head() == 2


# The same id again --------------------------------------------------------------------------------------------------


def test_a_repetition_is_answered_with_its_position_whatever_has_happened(log: EventLog) -> None:
    stored(log, a_fact("1"))
    first = log.decisions.append(a_command(), with_two_more)
    stored(log, a_fact("2"))
    again = log.decisions.append(a_command(), while_facts_are(1))
    assert again == Decided(first.facts, repeated=True)
    assert log.reading.head() == 5


@pytest.mark.parametrize("changed", [{"stage": "C"}, {"type": "opportunity.done"}, {"customer": "another"}])
def test_another_command_under_the_same_id_is_a_conflict(log: EventLog, changed: dict[str, Any]) -> None:
    stored(log, a_fact("1"), a_fact("2", customer="another"))
    log.decisions.append(a_command(), always)
    with pytest.raises(FactsConflict) as refusal:
        log.decisions.append(a_command(**changed), always)
    assert [fault.position for fault in refusal.value.faults] == [3]
    assert log.reading.head() == 3


@pytest.mark.parametrize("decide", [always, while_facts_are(1)])
def test_the_same_asked_twice_at_once_is_stored_once(log: EventLog, interrupted: Interrupted, decide: Decide) -> None:
    stored(log, a_fact("1"))
    first: list[Decided] = []
    second = interrupted(lambda: first.append(log.decisions.append(a_command(), decide)))
    assert second.decisions.append(a_command(), decide) == Decided(first[0].facts, repeated=True)
    assert log.reading.head() == 2


def test_a_refusal_of_the_second_because_of_the_first_is_none(log: EventLog) -> None:
    stored(log, a_fact("1"))
    first: list[Decided] = []

    def refuse_once_the_first_is_stored(*_: object) -> Sequence[Fact]:
        first.append(log.decisions.append(a_command(), always))
        raise Conflict()

    again = log.decisions.append(a_command(), refuse_once_the_first_is_stored)
    assert again == Decided(first[0].facts, repeated=True)


def test_ten_threads_with_one_id_get_one_answer(log: EventLog) -> None:
    stored(log, a_fact("1"))
    with ThreadPoolExecutor(10) as several:
        runs = [several.submit(log.decisions.append, a_command(), while_facts_are(1)) for _ in range(10)]
        answers = [run.result() for run in runs]
    assert {answer.position for answer in answers} == {2}
    assert sum(not answer.repeated for answer in answers) == 1
    assert log.reading.head() == 2


def test_of_twenty_that_decide_on_the_same_state_one_is_stored(log: EventLog) -> None:
    stored(log, a_fact("1"))

    def attempt(number: int) -> bool:
        try:
            log.decisions.append(a_command(f"{number}"), while_facts_are(1))
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(20) as several:
        won = list(several.map(attempt, range(20)))
    assert sum(won) == 1
    assert log.reading.head() == 2


# The connection is lost ---------------------------------------------------------------------------------------------


@pytest.fixture
def line(database: str) -> Iterator[Wire]:
    with wire(database) as between:
        yield between


@pytest.fixture
def wired_log(line: Wire) -> Iterator[EventLog]:
    pool = open_pool(line.conninfo, size=2)
    yield open_log(pool, MASTER_KEY, uuid4, os.urandom, {})
    pool.close()


def test_an_answer_lost_at_commit_is_settled_by_reading_back(line: Wire, wired_log: EventLog) -> None:
    stored(wired_log, a_fact("1"))

    def decide(asked: Fact, known: Sequence[Fact], publications: Sequence[Publication]) -> Sequence[Fact]:
        line.swallow = 1
        return while_facts_are(1)(asked, known, publications)

    done = wired_log.decisions.append(a_command(), decide)
    assert (line.swallow, done.position, done.repeated) == (0, 2, False)
    assert wired_log.reading.head() == 2


def test_a_commit_that_never_arrived_is_done_again(line: Wire, wired_log: EventLog) -> None:
    stored(wired_log, a_fact("1"))

    def decide(asked: Fact, known: Sequence[Fact], publications: Sequence[Publication]) -> Sequence[Fact]:
        line.cut = 1
        return while_facts_are(1)(asked, known, publications)

    assert wired_log.decisions.append(a_command(), decide).position == 2
    assert (line.cut, wired_log.reading.head()) == (0, 2)


def test_where_it_cannot_be_settled_the_same_again_tells(line: Wire, wired_log: EventLog, log: EventLog) -> None:
    stored(log, a_fact("1"))

    def decide(asked: Fact, known: Sequence[Fact], publications: Sequence[Publication]) -> Sequence[Fact]:
        line.swallow = 2
        return while_facts_are(1)(asked, known, publications)

    with pytest.raises(FateUnknown):
        wired_log.decisions.append(a_command(), decide)
    again = log.decisions.append(a_command(), while_facts_are(1))
    assert (again.position, again.repeated, log.reading.head()) == (2, True, 2)
