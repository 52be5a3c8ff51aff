"""What a seller does about the cards on the board: answers, calls, ticks off, skips, snoozes, or never gets to it."""

from collections.abc import Sequence
from random import Random
from typing import Final, Literal, NamedTuple

from api.course_sales import talk
from api.course_sales.diary import CRM, Diary
from api.course_sales.rhythm import HOUR, MINUTE, MORNING, at_the_desk, between, day_of, on_day
from domain.instants import DAY, SECOND, Instant, rfc_3339

OPEN_FOR: Final = 2 * DAY
"""As the rulebook says."""


class Worked(NamedTuple):
    """``until`` is when the seller was through with it."""

    until: Instant
    how: Literal["answered", "talked", "ticked", "missed"]


class Desk:
    """Cards are worked one after another, each while it is really open: nothing else of the seller comes between."""

    def __init__(self, rng: Random, diary: Diary) -> None:
        self._rng = rng
        self._diary = diary

    def chat(self, rule: str, opened: Instant, answers: Sequence[str], content: str | None = None) -> Worked:
        """A card that closes with a message of the seller."""
        at = at_the_desk(self._rng, opened, self._diary.person.every_day)
        roll = self._rng.random()
        if at >= opened + OPEN_FOR - HOUR or roll < 0.15:
            return self._missed(opened, at, answers)
        if roll < 0.26:
            return self._ticked(rule, at, done=roll < 0.19)
        if roll < 0.33:
            at = self._snoozed(rule, at)
            if at >= opened + OPEN_FOR:
                return self._missed(opened, at, answers)
        self._diary.answered(at, self.pick(answers), content)
        return Worked(at, "answered")

    def call(self, rule: str, opened: Instant, is_open: bool = True) -> Worked:
        """A card that closes with an answered call; ``is_open`` tells whether there is one at all."""
        rng, diary, staff = self._rng, self._diary, {"staff": self._diary.person.staff}
        at = at_the_desk(rng, opened, diary.person.every_day)
        roll = rng.random()
        if at >= opened + OPEN_FOR - 2 * HOUR or roll < 0.12:
            return Worked(opened + OPEN_FOR, "missed")
        if is_open and roll < 0.20:
            return self._ticked(rule, at, done=roll < 0.14)
        if is_open and roll < 0.26:
            at = self._snoozed(rule, at)
            if at >= opened + OPEN_FOR - HOUR:
                return Worked(opened + OPEN_FOR, "missed")
        diary.answered(at, self.pick(talk.CALL_COMING))
        at += between(rng, 20 * SECOND, 6 * MINUTE)
        diary.add(CRM, "call.made", at, staff)
        if rng.random() < 0.25:
            at += MINUTE
            diary.answered(at, self.pick(talk.NOT_REACHED))
            return self._ticked(rule, at + 2 * MINUTE, done=False) if is_open and roll > 0.7 else Worked(at, "missed")
        seconds = 60 + int(rng.random() ** 2 * 1500)
        at += 15 * SECOND
        diary.add(CRM, "call.answered", at, staff | {"seconds": seconds})
        return Worked(at + seconds * SECOND, "talked")

    def pick(self, texts: Sequence[str]) -> str:
        return texts[int(self._rng.random() * len(texts))]

    def _ticked(self, rule: str, at: Instant, done: bool) -> Worked:
        if done:
            self._diary.said_of_a_card("done", rule, at, reason=self.pick(talk.DONE_BECAUSE))
        else:
            self._diary.said_of_a_card("skipped", rule, at, reason=self.pick(talk.SKIPPED_BECAUSE))
        return Worked(at, "ticked")

    def _snoozed(self, rule: str, at: Instant) -> Instant:
        """Until the next morning; when the seller comes back to it."""
        morning = on_day(day_of(at) + 1, MORNING)
        self._diary.said_of_a_card("snoozed", rule, at, until=rfc_3339(morning))
        return morning + between(self._rng, MINUTE, 2 * HOUR)

    def _missed(self, opened: Instant, at: Instant, answers: Sequence[str]) -> Worked:
        """The card ends untouched; half of the time there is a late answer after all."""
        late = max(at, opened + OPEN_FOR + HOUR)
        if self._rng.random() < 0.5:
            self._diary.answered(late, self.pick(answers))
        return Worked(late, "missed")
