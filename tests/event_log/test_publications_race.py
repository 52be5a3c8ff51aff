"""Publications race harmlessly with intake: what anybody believed at a position is what the log says for ever.

The quick form publishes some hundred versions; TRAILBOOK_LONG=1 a thousand.
"""

import os
import random
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest

from domain.facts import Fact
from domain.history import in_fold_order
from domain.instants import DAY, Instant
from domain.journey.fold import fold
from domain.journey.in_force import Version, in_order
from domain.journey.steps import Step
from domain.strict_json import canonical
from event_log.connections import open_pool
from event_log.log import EventLog, open_log
from event_log.published import version_of
from event_log.reading import CustomerFacts
from event_log.state import Publication, SealedFact
from tests.event_log.given import MASTER_KEY, a_publication, stored

LONG = os.environ.get("TRAILBOOK_LONG") == "1"
PUBLICATIONS = 1000 if LONG else 150
JOURNEYS = ("sales", "service")
CUSTOMERS = [f"c{number}" for number in range(12)]
SENDERS, PUBLISHERS = 3, 2
BACK, AHEAD = 30 * DAY, 10 * DAY
"""Facts happened, and versions come into force, from so long ago on; versions up to so far ahead."""

STAGES = [*"ABCD"]
TYPES = [*"xyz"]


Question = tuple[str, str, int]
"""A customer, a journey, and the position up to which facts and publications are known."""


@dataclass
class Observer:
    """Polls during the race, keeps what it sees in order of arrival, and now and then asks what is believed."""

    log: EventLog
    seen: list[Fact | Publication] = field(default_factory=list)
    beliefs: dict[Question, bytes] = field(default_factory=dict)
    _asks_next: float = 10

    def poll(self) -> bool:
        found = self.log.reading.opened(self.log.reading.entries(len(self.seen), 100))
        self.seen += [one for one in found if not isinstance(one, SealedFact)]
        if len(self.seen) >= self._asks_next:
            self._asks_next = 1.4 * len(self.seen) + 20
            self._ask(random.Random(len(self.seen)))
        return bool(found)

    def _ask(self, chance: random.Random) -> None:
        question = chance.choice(CUSTOMERS), chance.choice(JOURNEYS), chance.randint(1, len(self.seen))
        self.beliefs[question] = believed(self.log, question)

    def as_it_arrived(self, question: Question) -> bytes:
        customer, journey, position = question
        known = self.seen[:position]
        facts = [one for one in known if isinstance(one, Fact) and one.customer == customer]
        return written(facts, [one for one in known if isinstance(one, Publication) and one.journey == journey])


def believed(log: EventLog, question: Question, page: int | None = None) -> bytes:
    """The steps that the log gives, its facts read at once or in pages."""
    customer, journey, position = question
    facts = at_once(log, customer, position) if page is None else [*in_pages(log, customer, position, page)]
    return written(facts, log.publications.of(journey, position))


def at_once(log: EventLog, customer: str, position: int) -> list[Fact]:
    number = log.reading.number(customer)
    found = log.reading.customers([number], position).get(number) if number is not None else None
    return found.facts if isinstance(found, CustomerFacts) else []


def in_pages(log: EventLog, customer: str, position: int, limit: int) -> Iterator[Fact]:
    after = 0
    while (page := log.reading.page(after, limit, subject=customer)).looked_at > after:
        yield from (fact for fact in page.facts if isinstance(fact, Fact) and (fact.position or 0) <= position)
        after = page.looked_at


def written(facts: Sequence[Fact], published: Sequence[Publication]) -> bytes:
    return canonical([step.as_json() for step in steps(facts, published)])


def steps(facts: Sequence[Fact], published: Sequence[Publication]) -> tuple[Step, ...]:
    """Up to when the last of the versions has come into force."""
    as_of = max([fact.occurred_at for fact in facts] + [one.published_at + AHEAD for one in published], default=0)
    return fold(in_fold_order(facts, as_of), [version_of(one) for one in published], as_of).steps


def document(chance: random.Random, journey: str) -> str:
    """A small rulebook: two to four stages, moves of each kind among them, often a rename, sometimes pin."""
    stages = chance.sample(STAGES, chance.randint(2, 4))
    ways = [(chance.choice(stages), chance.choice(stages)) for _ in range(3)]
    triggers: list[dict[str, Any]] = [
        {"when": {"fact": chance.choice(TYPES)}},
        {"after": f"{chance.randint(1, 5)}d"},
        {"if": {"count": chance.choice(TYPES), "within": "7d", "at_least": 2}},
    ]
    gone = [stage for stage in STAGES if stage not in stages]
    return canonical(
        {
            "journey": journey,
            "stages": [{"id": stage, **({"initial": True} if stage == stages[0] else {})} for stage in stages],
            "moves": [
                {"id": f"m{number}", "from": origin, "to": target, **trigger}
                for number, ((origin, target), trigger) in enumerate(zip(ways, triggers, strict=True))
            ],
            **({"renames": {old: chance.choice(stages) for old in gone}} if chance.random() < 0.7 else {}),
            **({"in_flight": "pin"} if chance.random() < 0.3 else {}),
        }
    ).decode()


def publish(log: EventLog, chance: random.Random) -> Publication:
    journey = chance.choice(JOURNEYS)
    text, when = document(chance, journey), chance.choice(["now", "past", "future"])
    since = {"now": 0, "past": -chance.randint(0, BACK), "future": chance.randint(0, AHEAD)}[when]

    def decide(present: Sequence[Publication], now: Instant) -> Publication:
        return a_publication(document=text, effective_from=now + since)

    return log.publications.publish(journey, decide)


def send(log: EventLog, chance: random.Random, sender: int, turn: int) -> int:
    """One to four facts of the last thirty days."""
    now = log.reading.now()
    request = [
        Fact(
            source=f"s{sender}",
            id=f"{turn}-{number}",
            type=chance.choice(TYPES),
            customer=chance.choice(CUSTOMERS),
            occurred_at=now - chance.choice([0, chance.randint(0, BACK)]),
        )
        for number in range(chance.randint(1, 4))
    ]
    stored(log, *request)
    return len(request)


@dataclass
class Raced:
    observer: Observer
    published: list[Publication]
    sent: int


def race(log: EventLog) -> Raced:
    observer, publishing, writing = Observer(log), threading.Event(), threading.Event()

    def publish_some(publisher: int) -> list[Publication]:
        chance = random.Random(publisher)
        return [publish(log, chance) for _ in range(PUBLICATIONS // PUBLISHERS)]

    def send_some(sender: int) -> int:
        chance, sent, turn = random.Random(100 + sender), 0, 0
        while not publishing.is_set():
            sent += send(log, chance, sender, turn := turn + 1)
        return sent

    def watch() -> None:
        while True:
            # Asked before the poll: what was written before the end is seen by a poll after it.
            finished = writing.is_set()
            if not observer.poll() and finished:
                return

    with ThreadPoolExecutor(SENDERS + PUBLISHERS + 1) as several:
        watching = several.submit(watch)
        senders = [several.submit(send_some, sender) for sender in range(SENDERS)]
        publishers = [several.submit(publish_some, publisher) for publisher in range(PUBLISHERS)]
        published = [one for publisher in publishers for one in publisher.result()]
        publishing.set()
        sent = sum(sender.result() for sender in senders)
        writing.set()
        watching.result()
    return Raced(observer, published, sent)


@pytest.mark.timeout(600 if LONG else 120)
def test_publications_race_harmlessly_with_intake(database: str) -> None:
    with closing(open_pool(database, size=SENDERS + PUBLISHERS + 1)) as pool:
        raced = race(open_log(pool, MASTER_KEY, uuid4, os.urandom, {}))
    with closing(open_pool(database, size=1)) as pool:
        fresh = open_log(pool, MASTER_KEY, uuid4, os.urandom, {})
        there_are_no_holes(fresh, raced)
        publications_are_numbered_in_order(fresh, raced)
        what_was_believed_is_believed_for_ever(fresh, raced.observer)
        every_step_was_judged_by_the_version_in_force(raced.observer)


def there_are_no_holes(log: EventLog, raced: Raced) -> None:
    head = PUBLICATIONS + raced.sent
    assert log.reading.head() == head
    assert [one.position for one in raced.observer.seen] == list(range(1, head + 1))
    turns = sum(type(one) is not type(other) for one, other in pairwise(raced.observer.seen))
    assert turns > PUBLICATIONS // 4


def publications_are_numbered_in_order(log: EventLog, raced: Raced) -> None:
    stored = log.reading.publications()
    assert stored == sorted(raced.published, key=lambda one: one.position)
    assert all(one.published_at < later.published_at for one, later in pairwise(stored))
    for journey in JOURNEYS:
        numbers = [one.version for one in stored if one.journey == journey]
        assert numbers == list(range(1, len(numbers) + 1))


def what_was_believed_is_believed_for_ever(log: EventLog, observer: Observer) -> None:
    chance = random.Random(0)
    positions = [chance.randint(1, len(observer.seen)) for _ in range(4)] + [len(observer.seen)]
    later: list[Question] = [(chance.choice(CUSTOMERS), journey, at) for at in positions for journey in JOURNEYS]
    assert len(observer.beliefs) > 5
    for question in [*observer.beliefs, *later]:
        belief = observer.as_it_arrived(question)
        assert observer.beliefs.get(question, belief) == belief
        assert believed(log, question) == believed(log, question, 7) == believed(log, question, 1000) == belief


def every_step_was_judged_by_the_version_in_force(observer: Observer) -> None:
    """Design 2.3: by the last that came into force, or by one that only versions which pin came after."""
    for journey in JOURNEYS:
        published = [one for one in observer.seen if isinstance(one, Publication) and one.journey == journey]
        versions = [*map(version_of, published)]
        for customer in CUSTOMERS:
            facts = [one for one in observer.seen if isinstance(one, Fact) and one.customer == customer]
            judged_by_the_version_in_force(steps(facts, published), versions)


def judged_by_the_version_in_force(judged: Sequence[Step], versions: Sequence[Version]) -> None:
    assert len(judged) > 5
    ordered, numbered = in_order(versions), {version.number: version for version in versions}
    entered = judged[0]
    assert entered.kind == "entered"
    for step in judged:
        by = numbered[step.cause.rulebook or 0]
        in_force = {version.effective_from: version for version in ordered if version.effective_from <= step.at}
        assert in_force[by.effective_from] is by
        assert all(later.rulebook.pin for at, later in in_force.items() if at > by.effective_from)
        # Nobody leaves, so under one that pins is only who came in under it.
        assert not by.rulebook.pin or step.cause.rulebook == entered.cause.rulebook
