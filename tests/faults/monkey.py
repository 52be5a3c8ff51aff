"""The monkey: everything that can befall a Trailbook, each kind a method that leaves it whole again."""

import signal
import time
from collections.abc import Callable
from random import Random
from typing import Final

from tests.faults.crash_points import OF_A_FOLLOWER, OF_A_REBUILD, OF_THE_SERVICE
from tests.faults.installation import FOLLOWERS, LONGEST, SERVICE, Installation
from tests.faults.processes import freeze, thaw
from tests.faults.waiting import seconds_until

IMMEDIATE: Final = signal.SIGQUIT
"""What ``pg_ctl stop -m immediate`` sends: no shutdown checkpoint, recovery at the next start."""


class Monkey:
    """``chance`` decides, ``longest`` are the seconds a pause may last."""

    def __init__(self, world: Installation, chance: Random, longest: float) -> None:
        self._world = world
        self._chance = chance
        self._longest = longest

    def kill_postgres(self) -> None:
        self._postgres_dies(signal.SIGKILL)

    def crash_postgres(self) -> None:
        self._postgres_dies(IMMEDIATE)

    def freeze_postgres(self) -> None:
        self._frozen(self._world.postgres_processes())

    def kill_service(self) -> None:
        self._world.kill(SERVICE)
        self._world.start(SERVICE)

    def crash_service(self) -> None:
        self._dies_at(SERVICE, self._chance.choice(OF_THE_SERVICE), self._chance.randint(1, 30))

    def freeze_service(self) -> None:
        self._frozen([self._world.processes[SERVICE].pid])

    def kill_follower(self) -> None:
        name = self._a_follower()
        self._world.kill(name)
        self._world.start(name)

    def crash_follower(self) -> None:
        self._dies_at(self._a_follower(), self._chance.choice(OF_A_FOLLOWER), self._chance.randint(1, 8))

    def freeze_follower(self) -> None:
        self._frozen([self._world.processes[self._a_follower()].pid])

    def rebuild(self) -> None:
        """A version is built while all goes on, and goes live."""
        built = self._world.wired.rebuild.begin()
        self._goes_live(built)

    def crash_rebuild(self) -> None:
        """The same, and a follower dies at it."""
        for name in FOLLOWERS:
            self._world.kill(name)
        # The other comes when this one is dead, else it could finish without it.
        self._world.start(FOLLOWERS[0], f"{self._chance.choice(OF_A_REBUILD)}:1")
        built = self._world.wired.rebuild.begin()
        self._world.dies(FOLLOWERS[0])
        for name in FOLLOWERS:
            self._world.start(name)
        self._goes_live(built)

    def cut_connections(self) -> None:
        for _ in range(self._chance.randint(1, 5)):
            seconds_until(lambda: self._world.wire.hang_up() > 0, LONGEST)
            time.sleep(self._chance.uniform(0, 0.3))

    def cut_commits(self) -> None:
        self._world.wire.cut = self._chance.randint(1, 5)
        seconds_until(lambda: self._world.wire.cut == 0, LONGEST)

    def swallow_answers_to_commits(self) -> None:
        self._world.wire.swallow = self._chance.randint(1, 5)
        seconds_until(lambda: self._world.wire.swallow == 0, LONGEST)

    def slow_wire(self) -> None:
        self._world.wire.delay = self._chance.uniform(0.01, 0.1)
        self._pause()
        self._world.wire.delay = 0

    def silent_wire(self) -> None:
        with self._world.wire.silent():
            self._pause()

    def _postgres_dies(self, death: signal.Signals) -> None:
        self._world.kill_postgres(death)
        time.sleep(self._chance.uniform(0, self._longest / 4))
        self._world.postgres.start()

    def _dies_at(self, name: str, point: str, hit: int) -> None:
        self._world.kill(name)
        self._world.start(name, f"{point}:{hit}")
        self._world.dies(name)
        self._world.start(name)

    def _frozen(self, pids: list[int]) -> None:
        frozen = freeze(pids)
        self._pause()
        thaw(frozen)

    def _goes_live(self, version: int) -> None:
        seconds_until(lambda: self._world.wired.rebuild.building() is None, LONGEST)
        assert self._world.live_version() == version

    def _a_follower(self) -> str:
        return self._chance.choice(FOLLOWERS)

    def _pause(self) -> None:
        # Mostly short; now and then longer than any lease or timeout.
        time.sleep(0.2 + self._longest * self._chance.random() ** 3)


KINDS: Final[dict[str, Callable[[Monkey], None]]] = {
    kind.__name__: kind
    for kind in (
        Monkey.kill_postgres,
        Monkey.crash_postgres,
        Monkey.freeze_postgres,
        Monkey.kill_service,
        Monkey.crash_service,
        Monkey.freeze_service,
        Monkey.kill_follower,
        Monkey.crash_follower,
        Monkey.freeze_follower,
        Monkey.rebuild,
        Monkey.crash_rebuild,
        Monkey.cut_connections,
        Monkey.cut_commits,
        Monkey.swallow_answers_to_commits,
        Monkey.slow_wire,
        Monkey.silent_wire,
    )
}
