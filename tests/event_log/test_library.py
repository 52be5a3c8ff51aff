"""What we use of the eventsourcing library, and what of it is shut off."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import pytest
from eventsourcing.application import AggregateNotFoundError, Repository
from eventsourcing.persistence import EventStore, NotSupportedError, StoredEvent

from domain.facts import Fact
from domain.refusals import UnsafeStore, WrongMasterKey
from event_log.connections import Pool
from event_log.log import EventLog, open_log
from event_log.recorder import FactMapper, refuse_unsafe_settings
from tests.event_log.given import MASTER_KEY, a_fact, facts, rows, stored


def test_a_repository_restores_a_customer_with_any_projector(log: EventLog, database: str) -> None:
    stored(log, *facts(4), a_fact("9", customer="b"))
    number = log.reading.number("wmAbc123")
    assert number is not None
    _, key_id, wrapped = rows(database, f"select * from customer_keys where customer = '{number}'")[0]
    key = log.master.unwrap(number, "wmAbc123", key_id, wrapped)
    repository: Repository[UUID] = Repository(EventStore(FactMapper(key), log.recorder))

    def count(before: int | None, events: Iterable[object]) -> int | None:
        return (before or 0) + sum(isinstance(event, Fact) for event in events) or None

    # The library's types allow aggregates only; its code takes whatever the projector makes.
    get: Any = repository.get
    assert get(number, projector_func=count) == 4
    assert get(number, version=3, projector_func=count) == 3
    with pytest.raises(AggregateNotFoundError):
        get(UUID(int=1), projector_func=count)


def test_the_recorder_reads_as_the_library_expects(log: EventLog) -> None:
    stored(log, *facts(4))
    number = log.reading.number("wmAbc123")
    assert number is not None
    recorder = log.recorder
    assert recorder.max_notification_id() == 4
    assert [found.id for found in recorder.select_notifications(2, 2, topics=["fact"])] == [2, 3]
    assert [entry.originator_version for entry in recorder.select_events(number, gt=1, lte=3)] == [2, 3]
    assert [entry.originator_version for entry in recorder.select_events(number, desc=True, limit=1)] == [4]


def test_the_librarys_own_ways_of_writing_are_shut(log: EventLog) -> None:
    event = StoredEvent(UUID(int=1), 1, "fact", b"{}")
    with pytest.raises(NotSupportedError):
        log.recorder.insert_events([event])
    with pytest.raises(NotSupportedError):
        log.recorder.create_table()
    with pytest.raises(NotSupportedError):
        FactMapper(None).to_stored_event(event)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["POSTGRES_ENABLE_DB_FUNCTIONS", "TRAILBOOK_POSTGRES_ENABLE_DB_FUNCTIONS"])
def test_a_start_with_database_functions_is_refused(pool: Pool, name: str) -> None:
    for value in ("y", "TRUE", "1", "maybe"):
        with pytest.raises(UnsafeStore, match=f"Unset {name}"):
            open_log(pool, MASTER_KEY, lambda: UUID(int=1), bytes, {name: value})
    for value in ("", "no", "F", "0"):
        refuse_unsafe_settings({name: value})


def test_another_master_key_is_refused_in_a_sentence(log: EventLog, pool: Pool) -> None:
    open_log(pool, MASTER_KEY, lambda: UUID(int=1), bytes, {})
    with pytest.raises(WrongMasterKey, match="begun under another master key; start with that key"):
        open_log(pool, b"x" * 32, lambda: UUID(int=1), bytes, {})
