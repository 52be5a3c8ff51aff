"""A publication is decided on while nothing can come between, and read back by number."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from domain.instants import Instant
from domain.refusals import Conflict, TooLarge
from event_log.log import EventLog
from event_log.publications import LARGEST_DOCUMENT
from event_log.state import Publication
from tests.event_log.given import a_fact, a_publication, stored


def test_the_log_gives_number_time_and_position(log: EventLog) -> None:
    stored(log, a_fact())
    seen: list[tuple[int, Instant]] = []

    def decide(present: Sequence[Publication], now: Instant) -> Publication:
        seen.append((len(present), now))
        return a_publication(journey="ignored", version=9, effective_from=now)

    first, second = (log.publications.publish("course-sales", decide) for _ in range(2))
    assert [(one.journey, one.version, one.position) for one in (first, second)] == [
        ("course-sales", 1, 2),
        ("course-sales", 2, 3),
    ]
    assert seen == [(0, first.published_at), (1, second.published_at)]
    assert first.effective_from == first.published_at
    assert log.publications.of("course-sales") == [first, second]
    assert log.publications.of("course-sales", 2) == [first]
    assert log.publications.of("another") == []


def test_a_refusal_of_the_decision_leaves_nothing(log: EventLog) -> None:
    def decide(present: Sequence[Publication], now: Instant) -> Publication:
        raise Conflict("based on another version")

    with pytest.raises(Conflict, match="based on another version"):
        log.publications.publish("course-sales", decide)
    assert log.reading.head() == 0
    stored(log, a_fact())


def test_of_two_who_publish_at_once_the_second_sees_the_first(log: EventLog) -> None:
    def based_on_none(present: Sequence[Publication], now: Instant) -> Publication:
        if present:
            raise Conflict()
        return a_publication()

    def outcome(_: int) -> str:
        try:
            return str(log.publications.publish("course-sales", based_on_none).version)
        except Conflict:
            return "conflict"

    with ThreadPoolExecutor(4) as several:
        assert sorted(several.map(outcome, range(4))) == ["1", "conflict", "conflict", "conflict"]


def test_a_document_beyond_the_limit_is_refused(log: EventLog) -> None:
    with pytest.raises(TooLarge):
        log.publications.publish("j", lambda present, now: a_publication(document="x" * LARGEST_DOCUMENT))
    assert log.reading.head() == 0
