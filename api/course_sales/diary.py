"""A customer's facts as they happen, from the four systems of 知行学堂 and from Trailbook itself."""

from random import Random
from typing import Any, Final

from api.course_sales.people import Person
from api.course_sales.rhythm import MINUTE, between
from api.course_sales.touches import Touch
from domain.facts import Fact
from domain.instants import SECOND, Instant

JOURNEY: Final = "course-sales"

CRM: Final = "crm/zhixing"
OURS: Final = "trailbook/zhixing"
RADAR: Final = "radar/zhixing"
SHOP: Final = "shop/zhixing"
WECOM: Final = "wecom/zhixing"


class Diary:
    """``mark`` begins every id, so that the facts of another world can lie in the same log."""

    def __init__(self, rng: Random, person: Person, mark: str) -> None:
        self.facts: list[Fact] = []
        self.person = person
        self._rng = rng
        self._mark = mark

    def add(self, source: str, kind: str, at: Instant, data: dict[str, Any]) -> None:
        identity = f"{self._mark}-{len(self.facts)}"
        self.facts.append(Fact(source, identity, kind, self.person.customer, at, "", data))

    def received(self, at: Instant, text: str, feedback: str, content: str | None = None) -> None:
        data = {"staff": self.person.staff, "text": text, "feedback": feedback}
        self.add(WECOM, "message.received", at, data if content is None else data | {"content": content})

    def answered(self, at: Instant, text: str, content: str | None = None) -> None:
        data = {"staff": self.person.staff, "text": text}
        self.add(WECOM, "message.sent", at, data if content is None else data | {"content": content})

    def touched(self, touch: Touch, at: Instant, channel: str = "mass-send") -> bool:
        """A content goes out, as a rule; whether it did."""
        data = {"content": touch.content, "touch": touch.id, "staff": self.person.staff, "channel": channel}
        roll = self._rng.random()
        if roll < 0.015:
            self.add(OURS, "content.failed", at, data | {"reason": "limit", "status": 3})
            return False
        self.add(OURS, "content.sent", at, data)
        if roll < 0.97:
            self.add(WECOM, "content.delivered", at + between(self._rng, SECOND, 2 * MINUTE), data)
        return True

    def viewed(self, at: Instant, content: str, seconds: int, touch: Touch | None = None) -> None:
        data = {"content": content, "staff": self.person.staff, "seconds": seconds}
        self.add(RADAR, "content.viewed", at, data if touch is None else data | {"touch": touch.id})

    def clicked(self, at: Instant, content: str, touch: Touch | None = None) -> None:
        data = {"content": content, "staff": self.person.staff}
        self.add(RADAR, "content.clicked", at, data if touch is None else data | {"touch": touch.id})

    def said_of_a_card(self, verb: str, rule: str, at: Instant, **more: str) -> None:
        """``verb`` is done, skipped or snoozed."""
        data = {"journey": JOURNEY, "rule": rule, "by": self.person.staff, **more}
        self.add(OURS, f"opportunity.{verb}", at, data)

    def set_stage(self, at: Instant, stage: str, reason: str, hold: str | None = None) -> None:
        data = {"journey": JOURNEY, "stage": stage, "reason": reason, "by": self.person.staff}
        self.add(OURS, "stage.set", at, data if hold is None else data | {"hold": hold})
