"""Who waits, who goes together, and who is told what, at instants that the test makes up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.refusals import FateUnknown, Refusal, StoreBusy
from event_log.drafting import LARGEST_GROUP, Drafted
from event_log.judging import Stored
from event_log.request_queue import Answer, RequestQueue

MB = 1024 * 1024
ACTS = st.sampled_from(["put", "put", "take", "begin", "answer", "expire"])


class Sender:
    """Remembers what it was answered."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []

    @property
    def answer(self) -> type[Answer] | None:
        assert len(self.answers) <= 1
        return type(self.answers[0]) if self.answers else None


def lined_up(queue: RequestQueue, deadline: float, size: int = 100) -> Sender:
    sender = Sender()
    queue.put(Drafted((), size), deadline, sender.answers.append)
    return sender


def test_the_oldest_go_first_and_only_as_many_as_fit_together() -> None:
    queue = RequestQueue(most_together=3)
    for number in range(5):
        lined_up(queue, 9.0 + number, size=number)
    assert [one.drafted.size for one in queue.take(0.0)] == [0, 1, 2]
    assert [one.drafted.size for one in queue.take(0.0)] == [3, 4]
    assert queue.take(0.0) == []


def test_bytes_bound_a_group_and_the_queue() -> None:
    queue = RequestQueue(most_bytes=LARGEST_GROUP + MB)
    for _ in range(3):
        lined_up(queue, 9.0, size=MB)
    with pytest.raises(StoreBusy, match="nothing of this was stored"):
        lined_up(queue, 9.0, size=1)
    assert (queue.requests, queue.bytes) == (3, 3 * MB)
    assert len(queue.take(0.0)) == LARGEST_GROUP // MB
    assert (queue.requests, queue.bytes) == (1, MB)
    lined_up(queue, 9.0, size=1)


def test_one_request_of_any_size_is_taken() -> None:
    queue = RequestQueue()
    lined_up(queue, 9.0, size=LARGEST_GROUP + 1)
    lined_up(queue, 9.0)
    assert len(queue.take(0.0)) == 1


def test_who_waited_too_long_is_told_that_nothing_is_stored_and_is_never_begun() -> None:
    queue = RequestQueue()
    early, taken, late = lined_up(queue, 1.0), lined_up(queue, 2.0), lined_up(queue, 3.0)
    queue.expire(1.0)
    assert (early.answer, taken.answer) == (StoreBusy, None)
    group = queue.take(1.5)
    # It is taken, but still waits for the lock of the writers.
    queue.expire(2.5)
    assert (taken.answer, late.answer) == (StoreBusy, None)
    assert [isinstance(one, Refusal) for one in queue.begin(group)] == [True, False]
    assert (queue.requests, queue.bytes) == (0, 0)


def test_who_is_being_stored_when_the_time_is_up_is_told_that_nobody_knows() -> None:
    queue = RequestQueue()
    sender = lined_up(queue, 1.0)
    group = queue.take(0.0)
    queue.begin(group)
    queue.expire(1.0)
    queue.answer(group[0], Stored(1, 0, 1))
    assert sender.answer is FateUnknown
    # Whoever is begun again after that is not stored the second time.
    assert isinstance(queue.begin(group)[0], StoreBusy)


def test_a_later_request_may_have_less_time() -> None:
    queue = RequestQueue()
    patient, hurried = lined_up(queue, 2.0), lined_up(queue, 1.0)
    queue.expire(1.5)
    assert (patient.answer, hurried.answer) == (None, StoreBusy)
    assert len(queue.take(1.5)) == 1
    assert (queue.requests, queue.bytes) == (0, 0)


def test_the_next_deadline_is_the_first_of_those_without_an_answer() -> None:
    queue = RequestQueue()
    assert queue.next_deadline() is None
    lined_up(queue, 1.0)
    lined_up(queue, 2.0)
    group = queue.take(0.0)
    assert queue.next_deadline() == 1.0
    queue.answer(group[0], Stored(1, 0, 1))
    assert queue.next_deadline() == 2.0
    queue.answer(group[1], Stored(1, 0, 2))
    assert queue.next_deadline() is None


@given(st.lists(st.tuples(ACTS, st.sampled_from([0.4, 1.5])), max_size=40))
def test_everybody_is_answered_once_and_nobody_is_stored_who_was_told_no(acts: list[tuple[str, float]]) -> None:
    queue, now = RequestQueue(most_requests=3, most_together=2), 0.0
    senders: list[Sender] = []
    group = queue.take(now)
    for act, patience in acts:
        now += 0.5
        if act == "put" and queue.requests < 3:
            senders.append(lined_up(queue, now + patience))
        elif act == "take":
            group = queue.take(now)
        elif act == "begin":
            answered = [one.state == "answered" for one in group]
            assert [isinstance(request, Refusal) for request in queue.begin(group)] == answered
        elif act == "answer":
            for waiting in group:
                queue.answer(waiting, Stored(1, 0, 1))
        else:
            queue.expire(now)
            assert (queue.next_deadline() or now + 1) > now
    queue.expire(now + 1.5)
    assert [len(sender.answers) for sender in senders] == [1] * len(senders)
    assert (queue.requests, queue.bytes) == (0, 0)
