"""The threads that store: of group commit one writes and one watches the deadlines; in an import one prepares ahead."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Condition, Event, Thread
from typing import Final

from domain.facts import Fact
from domain.refusals import StoreBusy
from event_log.group_commit import GroupCommit
from event_log.intake import Intake, Written
from event_log.judging import Outcome, Stored
from event_log.request_queue import Answer

TURN: Final = 0.0005
"""Seconds after which a thread that computes lets another one go on, in place of Python's 0.005.

Who writes a group waits several times for the database, and would each time wait as long again for whoever prepares.
"""


class Committing:
    """Runs a group commit, from the first request on until it is closed."""

    def __init__(self, commit: GroupCommit) -> None:
        self.commit = commit
        self._arrived = Condition()
        self._watching = Event()
        self._threads: list[Thread] = []
        self._closing = False

    def put(self, request: Sequence[Fact], settle: Callable[[Answer], None], waited: float = 0.0) -> None:
        """Line a request up, without waiting; ``settle`` is called once, in another thread, within the patience.

        ``waited`` are the seconds it has waited for something else before. Raises ``TooLarge``, ``StoreBusy``.
        """
        drafted = self.commit.prepare(request)
        with self._arrived:
            if self._closing:
                raise StoreBusy()
            self.commit.put(drafted, time.monotonic() - waited, settle)
            if not self._threads:
                self._start()
            self._arrived.notify()
        self._watching.set()

    def append(self, request: Sequence[Fact]) -> Stored:
        """Store a request and wait for it. Raises what refuses it, ``StoreBusy``, ``StoreAway`` or ``FateUnknown``."""
        answered: Future[Stored] = Future()

        def settle(answer: Answer) -> None:
            if isinstance(answer, Stored):
                answered.set_result(answer)
            else:
                answered.set_exception(answer)

        self.put(request, settle)
        return answered.result()

    def close(self) -> None:
        """Take nothing more, and store what waits."""
        with self._arrived:
            self._closing = True
            self._arrived.notify()
        self._watching.set()
        for thread in self._threads:
            thread.join(2 * self.commit.patience)

    def _start(self) -> None:
        sys.setswitchinterval(TURN)
        self._threads = [Thread(target=run, daemon=True) for run in (self._write, self._watch)]
        for thread in self._threads:
            thread.start()

    def _write(self) -> None:
        while True:
            with self._arrived:
                self._arrived.wait_for(lambda: self.commit.queue.requests or self._closing)
            if not self.commit.step(time.monotonic()) and self._closing:
                return

    def _watch(self) -> None:
        while not self._closing:
            self._watching.wait()
            self._watching.clear()
            while (deadline := self.commit.queue.next_deadline()) is not None:
                time.sleep(max(0.0, deadline - time.monotonic()))
                self.commit.expire(time.monotonic())


def in_turn(intake: Intake, requests: Iterable[Sequence[Fact]]) -> Iterator[Outcome]:
    """Store large requests, each in a transaction of its own, and prepared while the one before is written.

    None is written before whoever asks has taken the outcome of the one before. Raises ``StoreAway``, ``FateUnknown``.
    """
    sys.setswitchinterval(TURN)
    with ThreadPoolExecutor(1) as writer:
        ahead: Future[Written] | None = None
        for request in requests:
            prepared = intake.prepare(request)
            intake.meet([prepared])
            if ahead is not None:
                yield ahead.result().outcomes[0]
            ahead = writer.submit(intake.store, [prepared])
        if ahead is not None:
            yield ahead.result().outcomes[0]
