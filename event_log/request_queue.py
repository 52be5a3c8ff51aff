"""Requests that wait to be stored: how many may, which go together, and what those are told who waited too long."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from threading import Lock
from typing import Final, Literal

from domain.refusals import FateUnknown, Refusal, StoreBusy
from event_log.drafting import LARGEST_GROUP, Drafted
from event_log.judging import Stored

MOST_REQUESTS: Final = 4096
MOST_BYTES: Final = 32 * 1024 * 1024
MOST_TOGETHER: Final = 512
"""Requests of one transaction."""

Answer = Stored | Exception
"""A refusal, or what nobody foresaw, is a value here: it must reach the one who asked."""


@dataclass(slots=True, eq=False)
class Waiting:
    """A request until it is answered, by ``settle``, once. Past ``deadline`` it is answered in any case."""

    drafted: Drafted
    deadline: float
    settle: Callable[[Answer], None]
    state: Literal["waiting", "begun", "answered"] = "waiting"


class RequestQueue:
    """Bounded in requests and bytes. Times are seconds of one clock, handed in; callable from any thread."""

    def __init__(
        self, most_requests: int = MOST_REQUESTS, most_bytes: int = MOST_BYTES, most_together: int = MOST_TOGETHER
    ) -> None:
        self._most_requests = most_requests
        self._most_bytes = most_bytes
        self._most_together = most_together
        self._lock = Lock()
        self._arrived: deque[Waiting] = deque()
        self._unanswered: list[tuple[float, int, Waiting]] = []
        self._came = count()
        self.bytes = 0
        """Of the requests that nobody has taken yet."""

    @property
    def requests(self) -> int:
        """That nobody has taken yet."""
        return len(self._arrived)

    def put(self, drafted: Drafted, deadline: float, settle: Callable[[Answer], None]) -> None:
        """Raises ``StoreBusy`` where it is full."""
        waiting = Waiting(drafted, deadline, settle)
        with self._lock:
            if self.requests >= self._most_requests or self.bytes + drafted.size > self._most_bytes:
                raise StoreBusy()
            self._arrived.append(waiting)
            heappush(self._unanswered, (deadline, next(self._came), waiting))
            self.bytes += drafted.size

    def take(self, now: float) -> list[Waiting]:
        """The oldest that fit into one transaction, in order; who is past the deadline is answered and not taken."""
        self.expire(now)
        group: list[Waiting] = []
        size = 0
        with self._lock:
            while self._arrived and len(group) < self._most_together:
                size += self._arrived[0].drafted.size
                if group and size > LARGEST_GROUP:
                    break
                oldest = self._leave()
                if oldest.state == "waiting":
                    group.append(oldest)
        return group

    def begin(self, group: Sequence[Waiting]) -> list[Drafted | Refusal]:
        """From now on these may be stored; in the place of one that was answered meanwhile stands a refusal."""
        requests: list[Drafted | Refusal] = []
        with self._lock:
            for waiting in group:
                if waiting.state == "answered":
                    requests.append(StoreBusy())
                else:
                    waiting.state = "begun"
                    requests.append(waiting.drafted)
        return requests

    def answer(self, waiting: Waiting, answer: Answer) -> None:
        """To whoever has not been answered yet."""
        with self._lock:
            answered = waiting.state == "answered"
            waiting.state = "answered"
        if not answered:
            waiting.settle(answer)

    def expire(self, now: float) -> None:
        """Answer those whose deadline has come: nothing of it is stored or will be, or else nobody knows yet."""
        overdue: list[tuple[Waiting, Refusal]] = []
        with self._lock:
            while (first := self._first()) is not None and first.deadline <= now:
                overdue.append((first, FateUnknown() if first.state == "begun" else StoreBusy()))
                first.state = "answered"
            while self._arrived and self._arrived[0].state == "answered":
                self._leave()
        for waiting, refusal in overdue:
            waiting.settle(refusal)

    def next_deadline(self) -> float | None:
        """When somebody must be answered, if not before."""
        with self._lock:
            first = self._first()
            return None if first is None else first.deadline

    def _first(self) -> Waiting | None:
        """Whose deadline comes first, of those that are not answered yet."""
        while self._unanswered and self._unanswered[0][2].state == "answered":
            heappop(self._unanswered)
        return self._unanswered[0][2] if self._unanswered else None

    def _leave(self) -> Waiting:
        oldest = self._arrived.popleft()
        self.bytes -= oldest.drafted.size
        return oldest
