"""The machine: anything a client, time or misfortune may do to the service, in any order; a perfect memory watches."""

from datetime import timedelta

import httpx
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from domain.instants import DAY, Instant
from tests.domain.generate import GRID, START, at
from tests.machine.acted import Actions, customers, journeys
from tests.machine.asked import Cuts
from tests.machine.drawn import CUSTOMERS, EVERY_STAGE, JOURNEYS, PASSING
from tests.machine.followed import POINTS, Following
from tests.machine.listed import day_of
from tests.projections.world import World

ZONES = ("UTC", "Asia/Shanghai", "America/New_York")
HAPPENINGS = (
    *["facts_come"] * 5,
    "a_rulebook_is_published",
    *["somebody_is_moved"] * 2,
    *["a_fact_is_voided"] * 2,
    *["an_opportunity_is_worked"] * 3,
)
QUESTIONS = ("about_her", "about_her", "about_all", "about_a_day", "about_the_log")
STAFF = (None, None, None, "zhang", "wang", "li", "nobody")

passing = st.sampled_from(PASSING)
pages = st.sampled_from([1, 2, 3, 7, 5000])
points = st.sampled_from(POINTS)
fates = st.sampled_from(["comes to the end", "works a page", "dies", "is cut off", "forgets"])


class Machine(RuleBasedStateMachine):
    """Few rules that each choose among many things: of many, hypothesis leaves half out in every example."""

    def __init__(self, world: World, client: httpx.Client, by: str) -> None:
        super().__init__()
        self.world = world
        self.client = client
        self.by = by

    @initialize(zone=st.sampled_from(ZONES), rounds=st.integers(1, 8), both=st.booleans(), data=st.data())
    def begin(self, zone: str, rounds: int, both: bool, data: st.DataObject) -> None:
        self.actions = Actions(self.world, self.client, self.by, zone, at(0))
        self.memory = self.actions.memory
        self.asking = self.actions.asking
        self.following = Following(self.world, self.memory, self.actions.rows)
        for journey in JOURNEYS if both else JOURNEYS[:1]:
            self.actions.publish(data, journey)
        for _ in range(rounds):
            self.something_happens(data.draw(passing, "length"), data.draw(st.booleans(), "whole"), "facts_come", data)
            if data.draw(st.booleans(), "followed"):
                self.following.to_the_end(data.draw(pages, "page"))

    @rule(length=passing, whole=st.booleans(), what=st.sampled_from(HAPPENINGS), data=st.data())
    def something_happens(self, length: int, whole: bool, what: str, data: st.DataObject) -> None:
        self.actions.time_passes(length, whole)
        # What is worked is seen on a list first, mostly on one that is up to date.
        if what == "an_opportunity_is_worked" and data.draw(st.integers(0, 3), "late rows at 3") < 3:
            self.following.to_the_end(5000)
        getattr(self.actions, what)(data)

    @rule(page=pages, fate=fates, point=points, length=passing, whole=st.booleans())
    def the_follower(self, page: int, fate: str, point: str, length: int, whole: bool) -> None:
        self.actions.time_passes(length, whole)
        if fate == "comes to the end":
            self.following.to_the_end(page)
        elif fate == "works a page":
            self.following.step(page)
        elif fate == "dies":
            self.following.killed(page, point)
        elif fate == "is cut off":
            self.following.cut_off(page, point)
        else:
            self.following.forget()

    @rule(question=st.sampled_from(QUESTIONS), journey=journeys, data=st.data())
    def somebody_asks(self, question: str, journey: str, data: st.DataObject) -> None:
        getattr(self, question)(journey, data)

    # Questions ------------------------------------------------------------------------------------------------------

    def about_her(self, journey: str, data: st.DataObject) -> None:
        customer = data.draw(customers, "customer")
        self.asking.standing(customer, journey, self.cuts(data))
        self.asking.trail(customer, journey, self.cuts(data))
        self.asking.facts_of(customer, data.draw(st.sampled_from(["position", "fold"]), "order"))

    def about_all(self, journey: str, data: st.DataObject) -> None:
        as_of, known_at = (data.draw(st.none() | self.instants(), name) for name in ("as_of", "known_at"))
        staff = data.draw(st.sampled_from(STAFF), "staff")
        self.asking.board(journey, as_of, known_at, staff)
        self.asking.listed_by_stage(journey, data.draw(st.sampled_from(EVERY_STAGE), "stage"))
        self.asking.versions(journey)

    def about_a_day(self, journey: str, data: st.DataObject) -> None:
        known_at = data.draw(st.none() | self.instants(), "known_at")
        off = data.draw(st.sampled_from([None, None, 0, -1, -2, -5, 1, 3]), "days from today")
        on = None if off is None else day_of(self.memory.now, self.asking.zone) + timedelta(off)
        every = data.draw(st.booleans(), "all journeys")
        staff, limit = data.draw(st.sampled_from(STAFF), "staff"), data.draw(st.sampled_from([200, 2, 1]), "limit")
        self.actions.look(None if every else journey, on, known_at, staff, limit)

    def about_the_log(self, journey: str, data: st.DataObject) -> None:
        after, limit = data.draw(st.integers(0, self.memory.head + 1), "after"), data.draw(pages, "limit")
        type = data.draw(st.sampled_from([None, None, "x", "stage.set"]), "type")
        self.asking.log(after, min(limit, 1000), type, data.draw(st.none() | customers, "subject"))

    def instants(self) -> st.SearchStrategy[Instant]:
        """Where something happened or was recorded, and just before and after it; and any half day, past or to come."""
        memory = self.memory
        met = {fact.occurred_at for fact in memory.facts()} | {memory.now, self.actions.rows.until}
        met |= {memory.recorded_at(position) for position in range(1, memory.head + 1)}
        near = [instant + off for instant in sorted(met) for off in (0, -1, 1)]
        place = (memory.now - START) // GRID
        return st.one_of(st.sampled_from(near), st.integers(place - 40, place + 30).map(at))

    def cuts(self, data: st.DataObject) -> Cuts:
        as_of = data.draw(st.none() | self.instants(), "as_of")
        if data.draw(st.booleans(), "by position"):
            return Cuts(as_of, known_position=data.draw(st.integers(0, self.memory.head + 1), "known_position"))
        return Cuts(as_of, known_at=data.draw(st.none() | self.instants(), "known_at"))

    def teardown(self) -> None:
        """In the end everything is asked: of rows as late as they are, of rows kept live, and of rows made anew."""
        if hasattr(self, "following"):
            self.everything_is_asked()
            self.following.to_the_end(5000)
            self.everything_is_asked()
            self.following.forget()
            self.following.to_the_end(3)
            self.everything_is_asked()

    def everything_is_asked(self) -> None:
        now = self.memory.now
        self.asking.log(0, 7, None, None)
        for journey in JOURNEYS:
            self.asking.board(journey, None, None, None)
            self.asking.board(journey, now + 5 * DAY, now - 2 * DAY, None)
            self.asking.day(journey, None, None, None, 200)
            self.asking.day(journey, day_of(now, self.asking.zone) - timedelta(2), now - DAY, None, 200)
            for customer in CUSTOMERS:
                self.asking.standing(customer, journey, Cuts())
                self.asking.trail(customer, journey, Cuts())
                self.asking.trail(customer, journey, Cuts(known_at=now - 2 * DAY))
