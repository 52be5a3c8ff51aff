"""However much arrives at once, the answer comes: stored or too large, never a hang."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from domain.facts import Fact
from domain.refusals import TooLarge
from event_log.drafting import LARGEST_FACT, LARGEST_GROUP
from event_log.judging import Outcome, Stored
from event_log.log import EventLog
from tests.event_log.given import a_fact, refused, stored

MB = 1024 * 1024
DEADLINE = 20.0


def in_time(log: EventLog, requests: list[list[Fact]]) -> list[Outcome]:
    several = ThreadPoolExecutor(1)
    try:
        return several.submit(log.intake.append, requests).result(timeout=DEADLINE)
    finally:
        several.shutdown(wait=False)


def test_one_request_of_many_megabytes(log: EventLog) -> None:
    for megabytes in (1, 2, 4, 8, 16):
        parts = megabytes * 8
        request = [a_fact(f"{megabytes}-{number}", text="x" * (MB // 8 - 1024)) for number in range(parts)]
        outcome = in_time(log, [request])[0]
        assert isinstance(outcome, Stored if megabytes <= 2 else TooLarge)
    assert log.reading.head() == 8 + 16


def test_one_fact_of_many_megabytes(log: EventLog) -> None:
    for megabytes in (1, 16):
        refusal = refused(in_time(log, [[a_fact("1"), a_fact("2", text="x" * megabytes * MB)]])[0])
        assert isinstance(refusal, TooLarge)
        assert [fault.index for fault in refusal.faults] == [1]
    assert log.reading.head() == 0


def test_a_fact_just_within_the_limit(log: EventLog) -> None:
    text = "话" * ((LARGEST_FACT - 1024) // 3)
    stored(log, a_fact("1", text=text))
    fact = log.reading.at(1)
    assert isinstance(fact, Fact)
    assert fact.data["text"] == text


def test_a_group_beyond_the_limit_is_the_callers_to_split(log: EventLog) -> None:
    request = [a_fact(str(number), text="x" * (LARGEST_FACT // 2)) for number in range(9)]
    groups = [[replaced] for replaced in request * (LARGEST_GROUP // LARGEST_FACT)]
    with pytest.raises(TooLarge, match="together"):
        log.intake.append(groups)
    assert log.reading.head() == 0
