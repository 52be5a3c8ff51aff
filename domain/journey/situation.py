"""A customer on one journey at one instant of virtual time: all that the rules may look at, and change."""

from dataclasses import dataclass, field
from typing import Any

from domain.facts import Fact
from domain.instants import Instant
from domain.journey.steps import HeldTag, OpenOpportunity
from domain.rulebook.conditions import Matcher, Tally


@dataclass(slots=True)
class OnJourney:
    """``tallies`` are by text of the matcher; ``fired`` holds, by text of a timer rule, the anchor it last fired at;
    ``resting`` the texts of moves at rest; ``found``, by text of the rule, what the last run that examined an
    opportunity with ``if`` alone found.

    ``to_be_judged`` says that a version came into force at this very instant; ``fact`` is the present one, at a fact.
    """

    now: Instant
    stage: str | None = None
    since: Instant | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    tallies: dict[str, Tally] = field(default_factory=dict)
    tags: dict[str, HeldTag] = field(default_factory=dict)
    hold_until: Instant | None = None
    resting: set[str] = field(default_factory=set)
    fired: dict[str, Instant] = field(default_factory=dict)
    open: dict[str, OpenOpportunity] = field(default_factory=dict)
    found: dict[str, bool] = field(default_factory=dict)
    fact: Fact | None = None
    to_be_judged: bool = False

    def tally(self, matcher: Matcher) -> Tally:
        """What it met so far."""
        tally = self.tallies.get(matcher.text)
        if tally is None:
            tally = self.tallies[matcher.text] = Tally(matcher.within)
        return tally

    def change_attributes(self, attributes: object) -> None:
        """The last word on each name holds; null unsets. What is no object says nothing."""
        for name, value in attributes.items() if isinstance(attributes, dict) else ():
            if value is None:
                self.attributes.pop(name, None)
            else:
                self.attributes[name] = value

    @property
    def held(self) -> bool:
        return self.hold_until is not None and self.now < self.hold_until
