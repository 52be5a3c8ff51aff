"""Many at work in one thread: each runs until it waits, and the seed says who goes on."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from greenlet import GreenletExit, getcurrent, greenlet  # type: ignore[import-untyped]

from domain.instants import Duration, Instant


class Killed(BaseException):
    """The process of this actor is no more; of our code nothing catches that."""


@dataclass(eq=False)
class Actor:
    """``wakes_at`` is an instant of even time; ``ready`` wakes it before, once that holds."""

    name: str
    greenlet: Any = field(repr=False)
    wakes_at: Instant
    ready: Callable[[], bool] | None = None


class Actors:
    """``elapsed`` is time as it really passes: evenly, from 0 on, and only while all wait."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._hub = getcurrent()
        self._alive: list[Actor] = []
        self._running: Actor | None = None
        self._ended = False
        self.elapsed: Duration = 0

    @property
    def name(self) -> str:
        """Of the one that runs."""
        return "the seed" if self._running is None else self._running.name

    def begin(self, name: str, act: Callable[[], None]) -> Actor:
        """Somebody new, who goes on until ``act`` returns."""
        actor = Actor(name, greenlet(act, self._hub), self.elapsed)
        self._alive.append(actor)
        return actor

    def sleep(self, length: Duration) -> None:
        self.wait(None, length)

    def wait(self, ready: Callable[[], bool] | None, patience: Duration) -> bool:
        """Until ``ready`` holds, ``patience`` at most; returns whether it does."""
        actor = self._running
        if actor is None or self._ended:
            raise GreenletExit
        actor.wakes_at, actor.ready = self.elapsed + patience, ready
        if ready is None and self._is_next(actor):
            self.elapsed = actor.wakes_at
        else:
            self._hub.switch()
        return ready is None or ready()

    def _is_next(self, actor: Actor) -> bool:
        """Whether nobody else could go on before; then there is no need to ask."""
        for one in self._alive:
            if one is not actor and (one.wakes_at <= actor.wakes_at or (one.ready and one.ready())):
                return False
        return True

    def run(self) -> None:
        """Until nobody is left; what an actor raises, this raises, and the others end where they stand."""
        try:
            while self._alive:
                self._let_one_go_on()
        finally:
            self._running, self._ended = None, bool(self._alive)
            for actor in self._alive:
                actor.greenlet.throw(GreenletExit)

    def _let_one_go_on(self) -> None:
        awake = [one for one in self._alive if one.wakes_at <= self.elapsed or (one.ready and one.ready())]
        if not awake:
            self.elapsed = min(actor.wakes_at for actor in self._alive)
            return
        actor = self._running = self._random.choice(awake)
        actor.greenlet.switch()
        self._running = None
        if actor.greenlet.dead:
            self._alive.remove(actor)
