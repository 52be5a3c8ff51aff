"""Calls, what is settled in them, orders, and what learners say afterwards."""

from random import Random
from typing import Final

from api.course_sales import talk
from api.course_sales.desk import Desk, Worked
from api.course_sales.diary import CRM, SHOP, WECOM, Diary
from api.course_sales.intent import Intent
from api.course_sales.rhythm import HOUR, MINUTE, between, reaction
from api.course_sales.touches import Touch
from domain.instants import DAY, Instant

COURSES: Final = (
    ("21天亲密关系课", 1980),
    ("21天亲密关系课", 1980),
    ("21天亲密关系课·陪跑班", 2980),
    ("婚姻经营年度会员", 5980),
)


class Buying:
    """Every method returns until when the seller is busy with it."""

    def __init__(self, rng: Random, diary: Diary, desk: Desk, intent: Intent, middle: Instant) -> None:
        self._rng = rng
        self._diary = diary
        self._desk = desk
        self._intent = intent
        self._middle = middle

    def called(self, at: Instant, buys: float) -> Instant:
        """She asked for a call ``at``; ``buys`` is the chance that it sells."""
        worked = self._desk.call("call", at, self._intent.wants_call(at))
        if worked.how != "talked":
            return worked.until
        self._intent.called(worked.until)
        self.learnt(worked.until)
        roll = self._rng.random()
        if roll < buys:
            return self.pays(worked.until)
        if roll < buys + 0.22:
            return self._thinks_it_over(worked.until, buys)
        if roll > 0.94:
            stage = "refused" if worked.until + MINUTE < self._middle else "paused"
            return self.set_by_hand(worked.until + MINUTE, stage, self._desk.pick(talk.REFUSED_BECAUSE))
        return worked.until

    def learnt(self, at: Instant) -> None:
        """What a seller writes down after a talk."""
        staff = self._diary.person.staff
        if self._rng.random() < 0.6:
            self._diary.add(CRM, "note.added", at + 2 * MINUTE, {"staff": staff, "text": self._desk.pick(talk.NOTES)})
        if self._rng.random() < 0.35:
            self._diary.add(CRM, "tag.added", at + 3 * MINUTE, {"tag": self._desk.pick(talk.TAGS), "by": staff})

    def pays(self, after: Instant) -> Instant:
        rng = self._rng
        at = reaction(rng, after + between(rng, 5 * MINUTE, 30 * HOUR))
        product, amount = COURSES[int(rng.random() * len(COURSES))]
        order = f"A{100_000 + int(rng.random() * 900_000)}"
        data = {"amount": amount, "product": product, "order": order, "staff": self._diary.person.staff}
        self._diary.add(SHOP, "order.paid", at, data)
        self._intent.held(0)
        self._intent.to("won", at)
        if rng.random() < 0.06:
            back = at + between(rng, DAY, 7 * DAY)
            self._diary.add(SHOP, "order.refunded", back, data | {"reason": "七天无理由"})
            self._intent.to("dormant", back)
            return back
        return at

    def set_by_hand(self, at: Instant, stage: str, reason: str) -> Instant:
        self._diary.set_stage(at, stage, reason)
        self._intent.to("refused" if stage == "paused" else stage, at)
        return at

    def surveyed(self, at: Instant, touch: Touch, survey: str) -> Instant:
        roll = self._rng.random()
        nps = 9 + int(roll * 4) if roll < 0.5 else 7 + int(roll * 2.6) % 2 if roll < 0.8 else int(roll * 60) % 7
        self._diary.add(WECOM, "survey.answered", at, {"survey": survey, "nps": nps, "content": touch.content})
        if nps > 6:
            return at
        worked: Worked = self._desk.call("unhappy", at)
        if worked.how == "talked":
            self._intent.called(worked.until)
            self.learnt(worked.until)
        return worked.until

    def _thinks_it_over(self, at: Instant, buys: float) -> Instant:
        """Settled but for somebody's consent: a move by hand that rules leave alone for a fortnight."""
        self._diary.set_stage(at + MINUTE, "sql", self._desk.pick(talk.HELD_BECAUSE), "14d")
        self._intent.to("sql", at + MINUTE)
        self._intent.held(at + MINUTE + 14 * DAY)
        if self._rng.random() < 0.3 + buys:
            return self.pays(at + between(self._rng, 2 * DAY, 12 * DAY))
        return at
