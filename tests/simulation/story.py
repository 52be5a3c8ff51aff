"""What a seed tells: who sends what and when, which rulebooks are published, and in which weather."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final

from domain.facts import Fact
from domain.instants import SECOND, Duration, Instant
from tests.domain.generate import GRID, HAPPENINGS, SENDERS, at
from tests.simulation.rulebooks import DOCUMENTS

PLACES: Final = 24
"""Half days in which something is sent."""
CUSTOMERS: Final = ("c1", "c2", "客户")
SOURCES: Final = ("s1", "s2", "s3")
LATE: Final = (0, 0, 0, 0, 0, 1, 2, 7, 20, -2)
"""By how many half days a fact comes after what it tells; sometimes it tells what is to come."""
TYPES: Final = ("x", "x", "x", "y", "y", "y", "stage.set", *HAPPENINGS)

OUTAGES: Final = (0, SECOND, 60 * SECOND, GRID)
CLOCK_CHANGES: Final = (-3600 * SECOND, -5 * SECOND, -SECOND // 2, SECOND // 2, 5 * SECOND, 3600 * SECOND)


@dataclass(frozen=True)
class Request:
    """Sent at an instant, as a whole; ``retries`` is how patient its sender is."""

    at: Instant
    facts: tuple[Fact, ...]
    retries: int


@dataclass(frozen=True)
class Publishing:
    """``from_now`` is when it comes into force, from its publication on; ``None`` = always, of the first version."""

    at: Instant
    journey: str
    document: str
    from_now: Duration | None


@dataclass(frozen=True)
class Habits:
    """Of one follower: how long it rests when there is nothing to do, and how many entries it takes at once."""

    rests: tuple[Duration, ...]
    page: int
    begins: Instant


@dataclass(frozen=True)
class Weather:
    """Chances a statement and a commit, and when the power fails or the clock is set."""

    statement_rate: float = 0.0
    commit_rate: float = 0.0
    outages: tuple[tuple[Instant, Duration, int], ...] = ()
    clock_set: tuple[tuple[Instant, Duration], ...] = ()
    pauses: tuple[tuple[Instant, Duration], ...] = ()


@dataclass(frozen=True)
class Story:
    """``services`` take the requests, by source; an audit looks at all rows in the middle of things."""

    services: int
    requests: dict[str, tuple[Request, ...]]
    publishings: tuple[Publishing, ...]
    partitions: int
    followers: tuple[Habits, ...]
    lease: Duration
    weather: Weather
    audits: tuple[Instant, ...]

    @property
    def end(self) -> Instant:
        return at(PLACES + 2)


def story(random: Random) -> Story:
    """Everything that a seed draws before the first act; what goes wrong within acts it draws on the way."""
    times = _Times(random)
    return Story(
        random.randint(1, 2),
        {source: tuple(_requests(random, source, times)) for source in SOURCES[: random.randint(1, 3)]},
        tuple(_publishings(random, times)),
        random.choice((1, 2, 2, 3)),
        tuple(_habits(random) for _ in range(random.choice((1, 2, 2, 3)))),
        random.choice((10 * SECOND, 3600 * SECOND, 4 * GRID)),
        _weather(random, times),
        tuple(times.one() for _ in range(random.choice((0, 0, 1)))),
    )


class _Times:
    """When something happens: on the grid or a moment later, and mostly when other things happen too."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._busy = [random.randint(0, PLACES) for _ in range(3)]

    def one(self) -> Instant:
        random = self._random
        place = random.choice(self._busy) if random.random() < 0.6 else random.randint(0, PLACES)
        return at(place) + random.choice((0, 0, 0, random.randrange(5 * SECOND)))

    def several(self, counts: Sequence[int]) -> list[Instant]:
        """As many as one of the counts says, in order."""
        return sorted(self.one() for _ in range(self._random.choice(counts)))


def _requests(random: Random, source: str, times: _Times) -> Iterator[Request]:
    sent: list[Fact] = []
    for time in times.several((2, 4, 6)):
        facts = [_fact(random, source, f"{len(sent) + number}", time) for number in range(random.choice((1, 1, 2, 4)))]
        if sent and random.random() < 0.3:
            facts.append(_again(random, random.choice(sent), time))
        sent += facts
        yield Request(time, tuple(facts), random.choice((0, 3, 30)))


def _fact(random: Random, source: str, id: str, sent_at: Instant) -> Fact:
    type = random.choice(TYPES)
    data: Any = random.choice(HAPPENINGS[type])
    happened = sent_at - random.choice(LATE) * GRID - random.choice((0, 0, SECOND))
    return Fact(source, id, type, random.choice(CUSTOMERS), happened, random.choice(SENDERS)[1], data)


def _again(random: Random, fact: Fact, now: Instant) -> Fact:
    """The same once more, another content under its name, or a fact that voids it."""
    match random.randrange(4):
        case 0 | 1:
            return fact
        case 2:
            return replace(fact, data={"v": "another"})
        case _:
            named = {"source": fact.source, "id": fact.id}
            return Fact(fact.source, f"{fact.id}-voided", "fact.voided", fact.customer, now, data=named)


def _publishings(random: Random, times: _Times) -> Iterator[Publishing]:
    yield Publishing(at(0), "j", DOCUMENTS["j"][random.choice((0, 0, 1))], random.choice((None, 0, 3 * GRID)))
    for time in times.several((0, 1, 1, 2, 3)):
        journey = random.choice(("j", "j", "j", "other"))
        force = random.choice((0, 0, GRID, 5 * GRID, -GRID, -6 * GRID))
        yield Publishing(time, journey, random.choice(DOCUMENTS[journey]), force)


def _habits(random: Random) -> Habits:
    rests = random.choice(((2 * GRID,), (GRID, 5 * GRID), (5 * GRID, 20 * SECOND), (5 * GRID, 60 * SECOND)))
    return Habits(rests, random.choice((1, 2, 5, 5000)), at(random.choice((0, 0, 3, 12))))


def _weather(random: Random, times: _Times) -> Weather:
    stormy = random.random() < 0.8
    outages = [(time, random.choice(OUTAGES), random.randint(0, 6)) for time in times.several((0, 0, 1, 2))]
    changes = [(time, random.choice(CLOCK_CHANGES)) for time in times.several((0, 0, 1, 3))]
    return Weather(
        random.choice((0.002, 0.01)) if stormy else 0.0,
        random.choice((0.02, 0.1)) if stormy else 0.0,
        tuple(outages),
        tuple(changes),
        tuple((time, random.choice((SECOND, 3 * GRID))) for time in times.several((0, 0, 0, 1))),
    )
