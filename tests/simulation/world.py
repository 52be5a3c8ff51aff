"""A seed's world: our log and our followers on a server, a clock and a fate that are drawn."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from random import Random
from typing import Any, Final, cast
from unittest.mock import patch
from uuid import UUID

from domain.instants import SECOND, Duration, Instant
from domain.journey import carried
from domain.refusals import Unavailable
from event_log.connections import Pool
from event_log.log import EventLog, open_log
from event_log.sealing import MasterKey
from tests.domain.generate import GRID, START
from tests.event_log.given import MASTER_KEY
from tests.simulation import lease_answers, log_answers, people, row_answers, watching
from tests.simulation.actors import Actors
from tests.simulation.connections import Connections
from tests.simulation.door import Door
from tests.simulation.faults import Faults
from tests.simulation.ledger import Broken, Ledger
from tests.simulation.server import Answer, Server
from tests.simulation.story import Habits, Weather, story

TOLD: Final = 30
"""So many of the last events a failing seed tells."""
RESTS: Final = {True: 2 * SECOND, False: 15 * SECOND}
"""How long a transaction may rest: of those who write the log, and of those who follow."""


FACTS_A_MARK: Final = 3
"""Few, so that short histories leave marks too."""


class SeedFailed(AssertionError):
    """A seed broke something."""


class World:
    """``over`` tells followers to end; ``senders`` is how many still send; ``shift`` is how far the clock is off.

    ``quietly``: nothing goes wrong, and statements take no time, so that no two are under way at once. Then it may be
    lived on a real Postgres too, whose clock is that of the world: through ``pool``.
    """

    def __init__(self, seed: int, *, quietly: bool = False, pool: Pool | None = None) -> None:
        self.random = Random(seed)
        self.story = story(self.random)
        if quietly:
            self.story = replace(self.story, weather=Weather(clock_set=self.story.weather.clock_set), audits=())
        self.actors = Actors(self.random)
        self.master = MasterKey(MASTER_KEY)
        self.ledger = Ledger()
        self.holders: dict[str, UUID] = {}
        self.shift: Duration = 0
        self.over = False
        self.senders = len(self.story.requests)
        self._told: list[tuple[Duration, str, str]] = []
        weather = self.story.weather
        self.faults = Faults(self.random, self.tell, weather.statement_rate, weather.commit_rate, at_once=quietly)
        self._pool = pool
        self.server = Server(
            self.actors, self.faults, self.now, _answers(), watching.examine, lambda: self.holders.get(self.actors.name)
        )
        for number in range(self.story.partitions):
            self.server.tables["tracking"]["journeys", 1, number] = {
                None: {"position": 0, "worked_until": 0, "epoch": 0, "holder": None, "leased_until": 0}
            }
        self.set_paused(False)

    def live(self) -> None:
        """The whole story, then one follower in all quiet. Raises ``Broken``, or what our code raises."""
        self._begin("publisher", partial(people.publish, self, self.story.publishings))
        services = [Door(self) for _ in range(self.story.services)]
        for number, service in enumerate(services):
            self._begin(f"service {number}", service.write)
            self._begin(f"deadlines {number}", service.watch)
        for number, (source, requests) in enumerate(self.story.requests.items()):
            self._begin(source, partial(people.send, self, services[number % len(services)], requests))
        for number, habits in enumerate(self.story.followers):
            self._begin(f"follower {number}", partial(people.follow, self, habits))
        weather = self.story.weather
        self._begin("power", lambda: people.fail_power(self, weather.outages))
        self._begin("clock", lambda: people.set_clock(self, weather.clock_set))
        self._begin("operator", lambda: people.pause(self, weather.pauses))
        self._begin("auditor", self._audit)
        self._begin("time", self._end)
        self.actors.run()
        self._begin("the last follower", self._come_to_rest)
        self.actors.run()

    def compare(self) -> None:
        """With what should be. Raises ``Broken``."""
        watching.compare_rows(self.server, self.master)
        watching.compare_log(self.server, self.master, self.ledger)
        head = self.server.log.head
        if any(rows[None]["position"] != head for rows in self.server.tables["tracking"].values()):
            raise Broken("In all quiet a follower does not come to the end of the log.")

    def now(self) -> Instant:
        return START + self.actors.elapsed + self.shift

    def new_id(self) -> UUID:
        return UUID(int=self.random.getrandbits(128), version=4)

    def pool(self, durable: bool) -> Pool:
        """Of a process that has just started."""
        return self._pool or Pool(cast("Any", Connections(self.server, RESTS[durable], durable)))

    def log(self, pool: Pool) -> EventLog:
        """Opened, however long that takes."""
        while True:
            try:
                return open_log(pool, MASTER_KEY, self.new_id, self.random.randbytes, {})
            except Unavailable:
                self.rest()

    def rest(self) -> None:
        """Before another attempt."""
        self.actors.sleep(self.random.choice((0, SECOND, 5 * SECOND, GRID)))

    def set_paused(self, paused: bool) -> None:
        self.server.tables["versions"]["journeys", 1] = {None: {"paused": paused}}

    def tell(self, said: str) -> None:
        self._told.append((self.actors.elapsed, self.actors.name, said))

    def told(self, last: int = 0) -> str:
        """What happened, or only the last of it."""
        return "\n".join(f"{elapsed / SECOND:14.4f} s  {who}: {said}" for elapsed, who, said in self._told[-last:])

    def _begin(self, name: str, act: Callable[[], None]) -> None:
        self.actors.begin(name, act)

    def _audit(self) -> None:
        for at in sorted(self.story.audits):
            self.actors.sleep(max(0, at - START - self.actors.elapsed))
            watching.compare_rows(self.server, self.master)

    def _end(self) -> None:
        self.actors.sleep(self.story.end - START)
        self.over = True

    def _come_to_rest(self) -> None:
        """Nothing goes wrong any more, and one follower works all there is."""
        self.faults.calm, self.over = True, False
        self.set_paused(False)
        self.actors.sleep(2 * self.story.lease)
        self.actors.begin("time", self._end_soon)
        people.follow(self, Habits((self.story.lease // 2,), 5000, START))

    def _end_soon(self) -> None:
        self.actors.sleep(2 * self.story.lease)
        self.over = True


def _answers() -> dict[bytes, Answer]:
    return {**log_answers.answers(), **lease_answers.answers(), **row_answers.answers()}


def live(seed: int) -> World:
    """Raises ``SeedFailed`` with what happened last."""
    world = World(seed)
    try:
        with patch.object(carried, "MARK", FACTS_A_MARK):
            world.live()
        world.compare()
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
        again = f"Again: make simulate SEEDS=1 FROM={seed}"
        raise SeedFailed(f"Seed {seed}: {said}\n{world.told(TOLD)}\n{again}") from error
    return world
