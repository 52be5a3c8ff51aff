"""One customer of 知行学堂, from the first contact on: what reaches her, what she does, and what comes of it."""

from random import Random
from typing import Final

from api.course_sales import talk
from api.course_sales.buying import Buying
from api.course_sales.desk import Desk
from api.course_sales.diary import CRM, OURS, WECOM, Diary
from api.course_sales.intent import Intent
from api.course_sales.people import REFUSING, Person, interest_left
from api.course_sales.rhythm import HOUR, MINUTE, at_the_desk, between, clock_of, day_of, is_weekend, on_day, reaction
from api.course_sales.touches import AFTERWARDS, PRICED, SAY_ONE, SEQUENCES, SURVEYS, TRIAL, Touch
from domain.facts import Fact
from domain.instants import DAY, SECOND, Instant

HELLO: Final = Touch("h1", "hello-1", 0, 0)
HELLO_AGAIN: Final = Touch("h2", "hello-2", 0, 0)
ROUNDS: Final = 5
"""So many questions has a customer in one conversation."""


class Life:
    """Told from one touch to the next; until ``busy`` the seller is at work on something and no touch is reacted to."""

    def __init__(self, rng: Random, person: Person, mark: str, added: Instant, middle: Instant, end: Instant) -> None:
        self._rng = rng
        self._person = person
        self._temper = person.temper
        self._added = added
        self._end = end
        self._diary = Diary(rng, person, mark)
        self._desk = Desk(rng, self._diary)
        self._intent = Intent(middle)
        self._buying = Buying(rng, self._diary, self._desk, self._intent, middle)
        self._received: dict[str, int] = {}
        self._busy = added
        self._here = True

    def lived(self) -> list[Fact]:
        """The facts, in no order, those after ``end`` too."""
        self._arrives(self._added)
        while self._here and self._intent.anchor < self._end:
            if self._intent.stage == "refused":
                self._rests()
            else:
                self._goes_on()
        return self._diary.facts

    # -- the beginning ---------------------------------------------------------------------------------------------

    def _arrives(self, at: Instant) -> None:
        diary, person, rng = self._diary, self._person, self._rng
        first = rng.random() < 0.87
        told = at - between(rng, 2 * MINUTE, 3 * HOUR) if first else at + between(rng, 10 * MINUTE, 20 * HOUR)
        diary.add(CRM, "profile.changed", told, {"attributes": person.attributes})
        diary.add(OURS, "staff.assigned", min(told, at) + SECOND, person.assigned)
        self._is_added(at)
        self._intent.to("lead", max(told, at))
        self._busy = max(told, at)
        self._here = person.ours and told < self._end

    def _is_added(self, at: Instant) -> None:
        person, rng = self._person, self._rng
        self._diary.add(WECOM, "contact.added", at, {"staff": person.staff, "state": person.state})
        self._diary.touched(HELLO, at + 2 * SECOND, "welcome")
        self._intent.acted(at)
        if clock_of(at) < 19 * HOUR and rng.random() < 0.8:
            self._diary.touched(HELLO_AGAIN, at + 2 * HOUR + between(rng, 0, 25 * MINUTE))

    # -- between two touches ---------------------------------------------------------------------------------------

    def _goes_on(self) -> None:
        touch = self._next_touch()
        at = self._due(touch)
        if self._intent.cools_before(at):
            return
        if self._speaks_up(at):
            return
        self._intent.anchor = at
        self._received[self._intent.stage] = self._received.get(self._intent.stage, 0) + 1
        if self._diary.touched(touch, at) and at > self._busy:
            self._reacts(touch, at)
            if self._here and self._intent.stage in ("mql", "sql") and self._rng.random() < 0.3:
                self._is_asked_after(touch)

    def _next_touch(self) -> Touch:
        sequence = SEQUENCES[self._intent.stage]
        received = self._received.get(self._intent.stage, 0)
        return sequence[received] if received < len(sequence) else AFTERWARDS

    def _due(self, touch: Touch) -> Instant:
        """A seller confirms what is due within some minutes."""
        anchor = self._intent.anchor
        confirmed = between(self._rng, MINUTE, 14 * MINUTE)
        if touch.clock == 0:
            return anchor + 10 * MINUTE + confirmed
        day = day_of(anchor) + touch.gap
        while touch.clock == 7 * HOUR and not is_weekend(day):
            day += 1
        at = on_day(day, touch.clock) + confirmed
        return at if at > anchor else at + DAY

    def _rests(self) -> None:
        """Ninety days without a word, unless the customer comes back."""
        over = self._intent.anchor + 90 * DAY
        if self._rng.random() < 0.12:
            back = reaction(self._rng, self._intent.anchor + between(self._rng, 10 * DAY, 80 * DAY))
            if back < self._end:
                self._asks(back, None)
                return
        self._intent.to("dormant", over)

    def _speaks_up(self, before: Instant) -> bool:
        """Something that no touch was the reason of; whether it happened."""
        start = max(self._intent.anchor, self._busy)
        interest = self._interest(start)
        days = (before - start) / DAY
        if days <= 0.2 or self._rng.random() >= self._temper.asks * interest * days:
            return False
        at = reaction(self._rng, start + between(self._rng, HOUR, before - start))
        if at >= before:
            return False
        roll = self._rng.random()
        if roll < 0.5:
            self._asks(at, None)
        elif roll < 0.75:
            self._diary.viewed(at, "case-library", self._seconds())
            self._intent.saw(at)
        else:
            self._looks_at_price(at)
        self._intent.anchor = max(self._intent.anchor, at)
        return True

    # -- reactions -------------------------------------------------------------------------------------------------

    def _reacts(self, touch: Touch, sent: Instant) -> None:
        rng, temper = self._rng, self._temper
        if rng.random() < (0.017 if sent - self._added < 10 * DAY else 0.005):
            self._leaves(reaction(rng, sent))
            return
        interest = 1.0 if self._intent.stage == "won" else self._interest(sent)
        at = reaction(rng, sent)
        if rng.random() < temper.views * interest:
            at = self._views(touch, at)
        if touch.content in SURVEYS and rng.random() < 0.5:
            self._busy = self._buying.surveyed(at, touch, SURVEYS[touch.content])
        elif touch.content == "wn-06" and rng.random() < 0.2:
            self._diary.add(
                CRM, "referral.made", at, {"referred": f"{self._person.customer}r", "staff": self._person.staff}
            )
        elif at > self._busy and rng.random() < temper.replies * max(interest, 0.3):
            self._replies(touch, at + between(rng, 30 * SECOND, 20 * MINUTE))

    def _views(self, touch: Touch, at: Instant) -> Instant:
        rng, keen = self._rng, self._temper.clicks * self._interest(at)
        self._diary.viewed(at, touch.content, self._seconds(), touch)
        self._intent.saw(at)
        if rng.random() < keen:
            at += between(rng, 20 * SECOND, 4 * MINUTE)
            self._diary.clicked(at, touch.content, touch)
            self._intent.stirred(at)
        if touch.content in TRIAL and rng.random() < 0.2 + keen:
            at += between(rng, 2 * MINUTE, HOUR)
            seconds = 40 + int(rng.random() ** 1.5 * 1800)
            self._diary.viewed(at, "trial-lesson", seconds)
            self._intent.heard(at, seconds)
            at += seconds * SECOND
        elif touch.content in PRICED and rng.random() < 0.15 + 2 * keen:
            at = self._looks_at_price(at + between(rng, 30 * SECOND, 10 * MINUTE))
        return at

    def _looks_at_price(self, at: Instant) -> Instant:
        """Once or, in earnest, twice; then there is a card."""
        rng = self._rng
        self._diary.clicked(at, "price-list")
        opened = self._intent.priced(at)
        if not opened and rng.random() < 0.5:
            at = reaction(rng, at + between(rng, 10 * MINUTE, 2 * DAY))
            self._diary.clicked(at, "price-list")
            opened = self._intent.priced(at)
            self._busy = at
        if opened:
            worked = self._desk.chat("price", at, talk.ABOUT_PRICE)
            self._busy = worked.until
            if worked.how == "answered" and rng.random() < 0.4:
                self._asks(reaction(rng, worked.until), None)
        return at

    def _replies(self, touch: Touch, at: Instant) -> None:
        if at >= self._end:
            return
        roll = self._rng.random()
        if self._temper is REFUSING and roll < 0.8 and self._intent.stage != "won":
            self._refuses(at, touch)
        elif roll >= self._temper.warm:
            self._diary.received(at, self._desk.pick(talk.FRIENDLY), "friendly", touch.content)
            self._intent.stirred(at)
            if self._rng.random() < 0.5:
                self._busy = at_the_desk(self._rng, at, self._person.every_day)
                self._diary.answered(self._busy, self._desk.pick(talk.SMALL_TALK))
            if self._rng.random() < 0.06 and self._intent.stage == "lead":
                self._buying.set_by_hand(at + HOUR, "mql", self._desk.pick(talk.LIKED_BECAUSE))
        elif touch.content in SAY_ONE and self._rng.random() < 0.7:
            self._says_one(at, touch)
        else:
            self._asks(at, touch)

    def _is_asked_after(self, touch: Touch) -> None:
        """The seller writes of his own accord, on what was sent."""
        rng = self._rng
        at = at_the_desk(rng, max(self._busy, self._intent.anchor) + HOUR, self._person.every_day)
        self._diary.answered(at, self._desk.pick(talk.OPENERS), touch.content)
        self._busy = at
        if rng.random() < self._temper.replies * 2 * self._interest(at):
            self._replies(touch, reaction(rng, at))

    def _refuses(self, at: Instant, touch: Touch) -> None:
        self._diary.received(at, self._desk.pick(talk.REFUSING), "refusing", touch.content)
        self._intent.to("refused", at)
        if self._rng.random() < 0.7:
            self._busy = at + between(self._rng, 2 * MINUTE, HOUR)
            self._diary.answered(self._busy, self._desk.pick(talk.APOLOGIES))

    def _says_one(self, at: Instant, touch: Touch) -> None:
        self._diary.received(at, self._desk.pick(talk.ONE), "exploring", touch.content)
        self._intent.warmed(at)
        self._busy = self._desk.chat("chat", at, talk.GIVES_KIT, "kit-1").until

    def _asks(self, at: Instant, touch: Touch | None, rounds: int = 1) -> None:
        """A question or a wish, which opens a card; the conversation goes on for some rounds."""
        rng, content = self._rng, None if touch is None else touch.content
        roll = rng.random()
        if roll < (0.06 if self._temper.buys < 0.2 else 0.16) and self._intent.stage != "won":
            self._diary.received(at, self._desk.pick(talk.WANTS_CALL), "exploring", content)
            self._busy = self._buying.called(at, self._temper.buys * self._interest(at))
            return
        positive = roll > 0.75
        text = self._desk.pick(talk.POSITIVE if positive else talk.EXPLORING)
        self._diary.received(at, text, "positive" if positive else "exploring", content)
        self._intent.warmed(at)
        worked = self._desk.chat("chat", at, talk.ANSWERS)
        self._busy = worked.until
        if worked.how != "answered":
            return
        if positive and self._intent.stage != "won" and rng.random() < self._temper.buys * 0.4:
            self._busy = self._buying.pays(worked.until)
        elif rounds < ROUNDS and rng.random() < 0.6:
            self._asks(worked.until + between(rng, MINUTE, 50 * MINUTE), None, rounds + 1)
        elif rng.random() < 0.1:
            self._buying.learnt(worked.until)

    # -- the end ---------------------------------------------------------------------------------------------------

    def _leaves(self, at: Instant) -> None:
        roll, staff = self._rng.random(), self._person.staff
        if roll < 0.15:
            self._diary.add(WECOM, "contact.blocked", at, {"staff": staff})
        else:
            self._diary.add(
                WECOM, "contact.removed", at, {"staff": staff, "by": "customer" if roll < 0.95 else "staff"}
            )
        if roll < 0.92:
            self._here = False
            return
        back = reaction(self._rng, at + between(self._rng, 3 * DAY, 40 * DAY))
        self._intent.starts_anew(back)
        self._busy = back
        if back < self._end:
            self._is_added(back)

    # -- how much --------------------------------------------------------------------------------------------------

    def _interest(self, at: Instant) -> float:
        return interest_left(self._temper, self._added, at)

    def _seconds(self) -> int:
        """Most look in, few read to the end."""
        return 3 + int(self._rng.random() ** 2.5 * 240)
