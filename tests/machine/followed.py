"""The follower as the machine drives it: for a page, to the end, killed in the middle, its rows thrown away."""

from collections.abc import Callable
from unittest.mock import patch

import psycopg
from psycopg.rows import TupleRow

from domain.refusals import StoreAway
from tests.machine.asked import Tracking
from tests.machine.memory import Memory
from tests.projections.world import World

POINTS = ("follow.rows_without_position", "follow.before_commit", "follow.after_commit")
COMMITTED = POINTS[2:]


class Killed(Exception):
    """The process is gone; what its transaction did is not there."""


class Following:
    """``rows`` is kept at what the rows must stand for."""

    def __init__(self, world: World, memory: Memory, rows: Tracking) -> None:
        self._world = world
        self._memory = memory
        self._rows = rows

    def step(self, page: int) -> bool:
        more = self._world.follower(page).step()
        assert more == self._worked(page)
        return more

    def to_the_end(self, page: int) -> None:
        while self.step(page):
            pass

    def killed(self, page: int, point: str) -> None:
        """By an error that nothing expects."""

        def die() -> None:
            raise Killed

        self._struck(page, point, die, Killed)

    def cut_off(self, page: int, point: str) -> None:
        """By the database, which ends its connection."""
        self._struck(page, point, lambda: end_transactions(self._world.owner), StoreAway)

    def forget(self) -> None:
        self._world.forgets_rows()
        self._rows.position, self._rows.until = 0, 0

    def _struck(self, page: int, point: str, strike: Callable[[], None], error: type[Exception]) -> None:
        def reached(name: str) -> None:
            if name == point:
                strike()

        follower = self._world.follower(page)
        died = False
        with patch("event_log.follower.crashpoint", reached):
            try:
                follower.step()
            except error:
                died = True
        # Whose transaction was over when the database ended all transactions does not notice.
        assert died or point in COMMITTED
        if point in COMMITTED:
            self._worked(page)

    def _worked(self, page: int) -> bool:
        """Move ``rows`` on by a page, no transaction of the log torn apart; returns whether there may be more."""
        memory, rows = self._memory, self._rows
        last = min(rows.position + page, memory.head)
        full = last - rows.position == page
        while full and last < memory.head and memory.recorded_at(last + 1) == memory.recorded_at(last):
            last += 1
        recorded = memory.recorded_at(last) if last > rows.position else 0
        rows.until = max(rows.until, recorded, 0 if full else memory.now)
        rows.position = last
        return full


def end_transactions(owner: psycopg.Connection[TupleRow]) -> None:
    owner.execute(
        "select pg_terminate_backend(pid, 2000) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid() and state = 'idle in transaction'"
    )
