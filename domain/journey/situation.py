"""A customer on one journey at one instant of virtual time: all that the rules may look at, and change."""

from dataclasses import dataclass, field
from typing import Any

from domain.instants import Instant
from domain.journey.steps import HeldTag, OpenOpportunity
from domain.rulebook.conditions import Matcher, Tally


@dataclass(slots=True)
class OnJourney:
    """``fired`` holds, by text of a timer rule, the anchor it last fired at; ``resting`` the texts of moves at rest.

    ``found`` is what the last run that examined an opportunity with ``if`` alone found, by text of the rule;
    ``to_be_judged`` says that a version came into force at this very instant.
    """

    now: Instant
    stage: str | None = None
    since: Instant | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    tallies: dict[Matcher, Tally] = field(default_factory=dict)
    tags: dict[str, HeldTag] = field(default_factory=dict)
    hold_until: Instant | None = None
    resting: set[str] = field(default_factory=set)
    fired: dict[str, Instant] = field(default_factory=dict)
    open: dict[str, OpenOpportunity] = field(default_factory=dict)
    found: dict[str, bool] = field(default_factory=dict)
    met: frozenset[Matcher] = frozenset()
    to_be_judged: bool = False

    def has_tag(self, tag: str) -> bool:
        return tag in self.tags

    def meets(self, matcher: Matcher) -> bool:
        return matcher in self.met

    @property
    def held(self) -> bool:
        return self.hold_until is not None and self.now < self.hold_until
