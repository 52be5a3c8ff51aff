"""A process that takes requests: the log and its group commit, a writer, and a watch over deadlines."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from domain.facts import Fact
from domain.instants import SECOND, Duration
from domain.refusals import StoreBusy
from event_log.group_commit import PATIENCE, GroupCommit
from event_log.request_queue import Answer
from tests.domain.generate import GRID
from tests.simulation.actors import Killed
from tests.simulation.ledger import Broken

if TYPE_CHECKING:
    from tests.simulation.world import World

LONG: Final[Duration] = 1000 * GRID
PUNCTUAL: Final[Duration] = round((PATIENCE + 0.1) * SECOND)
"""When everybody has an answer, if their service lives."""


class Door:
    """It is killed now and then, and starts again with nothing in memory; between the two there is no ``commit``."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._commit: GroupCommit | None = None

    def append(self, facts: Sequence[Fact]) -> Answer | None:
        """``None``: the process was gone before it answered."""
        commit, actors = self._commit, self._world.actors
        if commit is None:
            return None
        answers: list[Answer] = []
        try:
            commit.put(commit.prepare(facts), self._now, answers.append)
        except StoreBusy as refusal:
            return refusal
        actors.wait(lambda: bool(answers) or self._commit is not commit, PUNCTUAL)
        if not answers and self._commit is commit:
            raise Broken("Somebody has no answer, and the deadline is past.")
        return answers[0] if answers else None

    def write(self) -> None:
        """The writer; with it the process starts and dies."""
        while self._world.senders:
            try:
                self._commit = GroupCommit(self._world.log(self._world.pool(durable=True)).intake)
                self._write(self._commit)
            except Killed:
                self._commit = None
                self._world.rest()
                self._world.tell("starts again")

    def watch(self) -> None:
        while self._world.senders:
            commit = self._commit
            deadline = commit.queue.next_deadline() if commit is not None else None
            if commit is None or deadline is None:
                self._world.actors.wait(self._is_to_be_watched, LONG)
            else:
                self._world.actors.sleep(max(0, round(deadline * SECOND) - self._world.actors.elapsed))
                commit.expire(self._now)

    def _write(self, commit: GroupCommit) -> None:
        while self._world.senders:
            self._world.actors.wait(lambda: bool(commit.queue.requests) or not self._world.senders, LONG)
            commit.step(self._now)

    def _is_to_be_watched(self) -> bool:
        waiting = self._commit is not None and self._commit.queue.next_deadline() is not None
        return waiting or not self._world.senders

    @property
    def _now(self) -> float:
        return self._world.actors.elapsed / SECOND
