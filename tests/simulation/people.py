"""Who is at work: those who send facts and publish, those who follow, and those who stand in the way."""

from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import UUID

from domain.instants import Duration, Instant
from domain.refusals import FactsConflict, FateUnknown, Refusal, StoreAway, StoreBusy, Unavailable
from event_log.followers import Followers
from event_log.judging import Stored
from event_log.leases import Lease
from event_log.log import EventLog
from event_log.state import Publication
from projections.journeys import JourneysProjection
from tests.domain.generate import START
from tests.simulation.actors import Killed
from tests.simulation.door import Door
from tests.simulation.ledger import Broken, Sent
from tests.simulation.story import Habits, Publishing, Request

if TYPE_CHECKING:
    from tests.simulation.world import World


def send(world: "World", service: Door, requests: tuple[Request, ...]) -> None:
    """One request after another, each again as long as its sender has patience and no answer."""
    for request in requests:
        _until(world, request.at)
        sent = world.ledger.sent(request.facts)
        for _ in range(request.retries + 1):
            if _is_settled(world, service, sent):
                break
            world.rest()
    world.senders -= 1


def _is_settled(world: "World", service: Door, sent: Sent) -> bool:
    new = world.ledger.tried(sent)
    answer = service.append(sent.facts)
    said = answer if answer is None or isinstance(answer, Stored) else type(answer).__name__
    world.tell(f"sends {[fact.id for fact in sent.facts]}: {said}")
    match answer:
        case Stored():
            world.ledger.acknowledged(sent, answer, new)
        case None | FateUnknown():
            sent.doubtful = True
        case FactsConflict():
            pass
        case StoreAway() | StoreBusy():
            return False
        case _:
            raise Broken("Nobody expected that answer.") from answer
    return isinstance(answer, (Stored, FactsConflict))


def publish(world: "World", publishings: tuple[Publishing, ...]) -> None:
    """Each once: whoever is in doubt whether a rulebook was published does not publish it again."""
    log: EventLog | None = None
    for number, one in enumerate(publishings):
        _until(world, one.at)
        try:
            log = log or world.log(world.pool(durable=True))
            publication = log.publications.publish(one.journey, _decide(one, f"reason {number}"))
            world.tell(f"publishes {one.journey} {publication.version}")
            world.ledger.published(publication)
        except Refusal as refusal:
            world.tell(f"publishes {one.journey}: {type(refusal).__name__}")
        except Killed:
            log = None


def _decide(one: Publishing, because: str) -> Callable[[object, Instant], Publication]:
    def decide(present: object, now: Instant) -> Publication:
        first = not present
        since = None if one.from_now is None and first else now + (one.from_now or 0)
        return Publication(one.journey, 0, one.document, "", since, because, "a seed", 0, 0)

    return decide


def follow(world: "World", habits: Habits) -> None:
    """A process that follows, and begins again whenever it was killed."""
    _until(world, habits.begins)
    while not world.over:
        try:
            _follow(world, habits, world.new_id())
        except Killed:
            world.rest()
            world.tell("starts again")


def _follow(world: "World", habits: Habits, holder: UUID) -> None:
    pool = world.pool(durable=False)
    world.holders[world.actors.name] = holder
    reading = world.log(pool).reading
    journeys = JourneysProjection(reading, world.random.randbytes)
    followers = Followers(
        pool, reading, {journeys.name: journeys}, holder, world.now, page=habits.page, lease=world.story.lease
    )
    begun = False
    while not world.over:
        try:
            if not begun:
                followers.begin()
                begun = True
            more = followers.step(lambda lease, error: _failed(world, lease, error))
        except Unavailable as refusal:
            world.tell(f"waits: {type(refusal).__name__}")
            world.rest()
            continue
        if more:
            continue
        if world.random.random() < 0.1:
            _give_back(world, followers)
        world.actors.sleep(world.random.choice(habits.rests))


def _give_back(world: "World", followers: Followers) -> None:
    try:
        followers.give_back()
        world.tell("gives back what it holds")
    except Unavailable:
        pass


def _failed(world: "World", lease: Lease, error: Exception) -> None:
    if not isinstance(error, Unavailable):
        raise Broken(f"{type(error).__name__} in partition {lease.partition}") from error
    world.tell(f"partition {lease.partition} waits: {type(error).__name__}")


def fail_power(world: "World", outages: tuple[tuple[Instant, Duration, int], ...]) -> None:
    for at, length, lost in outages:
        _until(world, at)
        world.tell(f"the server is away for {length / 1e6:.0f} s, {lost} commits that did not wait are lost")
        world.server.fail(length, lost)


def set_clock(world: "World", changes: tuple[tuple[Instant, Duration], ...]) -> None:
    for at, change in changes:
        _until(world, at)
        world.tell(f"the clock is set by {change / 1e6:.1f} s")
        world.shift += change


def pause(world: "World", pauses: tuple[tuple[Instant, Duration], ...]) -> None:
    for at, length in pauses:
        _until(world, at)
        world.tell("the projection is told to pause")
        world.set_paused(True)
        world.actors.sleep(length)
        world.set_paused(False)
        world.tell("the projection is told to go on")


def _until(world: "World", at: Instant) -> None:
    world.actors.sleep(max(0, at - START - world.actors.elapsed))
