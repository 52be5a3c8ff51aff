"""Group commit: whatever waits when the writer is free goes into one transaction; nobody waits for others to come."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Final

from domain.facts import Fact
from domain.refusals import Refusal, Unavailable
from event_log.crashpoint import crashpoint
from event_log.drafting import Drafted
from event_log.intake import Intake
from event_log.request_queue import Answer, RequestQueue, Waiting

PATIENCE: Final = 1.5
"""Seconds in which a request is stored, or is told that it is not, or that nobody knows."""


@dataclass(frozen=True, slots=True)
class Committed:
    """One transaction: of so many requests, with so many new facts; bytes as sent, times in seconds, all of it."""

    requests: int
    facts: int
    bytes: int
    waited_for_lock: float
    seconds: float


def _nobody_looks(_: Committed) -> None:
    pass


class GroupCommit:
    """Takes requests one by one and stores them in groups; who answers for time and threads is the caller.

    Any number of threads may ``put``; one calls ``step``. ``observe`` is told of every transaction.
    """

    def __init__(
        self,
        intake: Intake,
        queue: RequestQueue | None = None,
        *,
        patience: float = PATIENCE,
        observe: Callable[[Committed], None] = _nobody_looks,
    ) -> None:
        self._intake = intake
        self.queue = RequestQueue() if queue is None else queue
        self.patience = patience
        self.observe = observe

    def prepare(self, request: Sequence[Fact]) -> Drafted:
        """What can be done before its turn comes, without the database. Raises ``TooLarge``."""
        drafted = self._intake.prepare(request)
        if isinstance(drafted, Refusal):
            raise drafted
        return drafted

    def put(self, drafted: Drafted, now: float, settle: Callable[[Answer], None]) -> None:
        """Line a request up; ``settle`` is called once with its outcome or a refusal, by whoever finds it out.

        Raises ``StoreBusy``.
        """
        self.queue.put(drafted, now + self.patience, settle)

    def step(self, now: float) -> bool:
        """Store the next group, if anybody waits. Raises nothing: whatever happens is an answer."""
        group = self.queue.take(now)
        if group:
            crashpoint("append.taken")
            self._store(group)
            crashpoint("append.answered")
        return bool(group)

    def expire(self, now: float) -> None:
        """Answer those whose time is up, whatever ``step`` is waiting for."""
        self.queue.expire(now)

    def _store(self, group: Sequence[Waiting]) -> None:
        begun = perf_counter()
        try:
            written = self._intake.store([one.drafted for one in group], lambda _: self.queue.begin(group))
        except Unavailable as refusal:
            for one in group:
                self.queue.answer(one, refusal)
        except Exception as error:
            if len(group) == 1:
                self.queue.answer(group[0], error)
                return
            # One of them is poison to all the others: each for itself.
            for one in group:
                self._store([one])
        else:
            for one, outcome in zip(group, written.outcomes, strict=True):
                self.queue.answer(one, outcome)
            size = sum(one.drafted.size for one in group)
            seconds = perf_counter() - begun
            self.observe(Committed(len(group), written.facts, size, written.waited_for_lock, seconds))
