"""Where a customer stands as the sequences see it: near enough to what the rulebook derives to choose what goes out.

The rulebook alone decides; only what is told of cards (``priced``, ``wants_call``) must agree with it exactly.
"""

from typing import Final

from domain.instants import DAY, Instant

QUIET_BEFORE: Final = 14 * DAY
QUIET_SINCE: Final = 21 * DAY
"""Version 2 of the rulebook waits a week longer."""


class Intent:
    """``anchor`` is where the next touch counts from: the entry into the stage or the touch before."""

    def __init__(self, middle: Instant) -> None:
        self.stage = "lead"
        self.anchor: Instant = 0
        self._middle = middle
        self._last: Instant = 0
        self._held_until: Instant = 0
        self._views: list[Instant] = []
        self._price_click: Instant = -7 * DAY - 1
        self._price_until: Instant = -1
        self._trial_until: Instant = -1
        self._call_until: Instant = -1

    def to(self, stage: str, at: Instant) -> None:
        if stage != self.stage or at > self.anchor:
            self.stage, self.anchor = stage, at

    def starts_anew(self, at: Instant) -> None:
        """Leaving takes the tags that rules gave; what was counted stays counted."""
        self.stage, self.anchor = "lead", at
        self._price_until = self._trial_until = self._call_until = -1
        self._held_until = 0

    def held(self, until: Instant) -> None:
        self._held_until = until

    def acted(self, at: Instant) -> None:
        self._last = max(self._last, at)

    def cools_before(self, at: Instant) -> bool:
        """Whether silence changed the stage before ``at``; then the next touch is another."""
        quiet = QUIET_SINCE if at > self._middle else QUIET_BEFORE
        if self.stage == "sql":
            quiet = 10 * DAY
        elif self.stage not in ("lead", "mql"):
            return False
        due = max(self._last + quiet, self._held_until)
        if due >= at:
            return False
        self.to("mql" if self.stage == "sql" else "dormant", max(due, self.anchor))
        if self.stage == "mql":
            self._last = self.anchor
        return True

    def stirred(self, at: Instant) -> None:
        self.acted(at)
        if self.stage == "dormant":
            self.to("lead", at)

    def saw(self, at: Instant) -> None:
        self.acted(at)
        self._views = [*self._views[-2:], at]
        if self.stage == "lead" and len(self._views) == 3 and at - self._views[0] <= 7 * DAY:
            self.to("mql", at)

    def heard(self, at: Instant, seconds: int) -> None:
        self.saw(at)
        if seconds >= 600:
            self._trial_until = at + 10 * DAY
            self._perhaps_sql(at)

    def priced(self, at: Instant) -> bool:
        """A click on the price list; whether it opens the card."""
        self.stirred(at)
        twice = at - self._price_click <= 7 * DAY
        self._price_click = at
        if not twice:
            return False
        opens = self._price_until < at
        self._price_until = at + 21 * DAY
        if self.stage == "lead":
            self.to("mql", at)
        self._perhaps_sql(at)
        return opens

    def warmed(self, at: Instant) -> None:
        self.acted(at)
        if self.stage in ("lead", "dormant", "refused"):
            self.to("mql", at)

    def wants_call(self, at: Instant) -> bool:
        """The wish for a call; whether it opens the card."""
        self.warmed(at)
        opens = self._call_until < at
        self._call_until = at + 7 * DAY
        if self.stage == "mql":
            self.to("sql", at)
        return opens

    def called(self, at: Instant) -> None:
        self.acted(at)
        self._call_until = -1

    def _perhaps_sql(self, at: Instant) -> None:
        if self.stage in ("lead", "mql") and self._trial_until >= at and self._price_until >= at:
            self.to("sql", at)
