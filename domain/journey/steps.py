"""What the fold yields: steps with their causes, and where the customer stands after them."""

from dataclasses import dataclass
from typing import Any, Literal

from domain.facts import Fact
from domain.instants import Instant, rfc_3339

StepKind = Literal["entered", "left", "moved", "renamed", "tag_added", "tag_removed", "opened", "closed"]
TimerKind = Literal["rulebook", "expiry", "hold", "after", "open_for"]


@dataclass(frozen=True, slots=True)
class Cause:
    """What made a step: a fact or a timer, the rule (``None`` by hand) and the rulebook version that judged."""

    fact: Fact | None = None
    timer: TimerKind | None = None
    rule: str | None = None
    rulebook: int | None = None

    def as_json(self) -> dict[str, Any]:
        fact = self.fact
        return {
            "fact": {"source": fact.source, "id": fact.id, "type": fact.type} if fact is not None else None,
            "timer": self.timer,
            "rule": self.rule,
            "rulebook": self.rulebook,
        }


@dataclass(frozen=True, slots=True)
class Step:
    at: Instant
    kind: StepKind
    cause: Cause
    origin: str | None = None
    target: str | None = None
    tag: str | None = None
    opportunity: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The form of the contract; members that do not apply are absent."""
        named = {"from": self.origin, "to": self.target, "tag": self.tag, "opportunity": self.opportunity}
        return {
            "at": rfc_3339(self.at),
            "kind": self.kind,
            **{name: value for name, value in named.items() if value is not None},
            "cause": self.cause.as_json(),
        }


@dataclass(frozen=True, slots=True)
class HeldTag:
    """``since`` is when it last came; ``rule`` set its present ``expires``."""

    since: Instant
    by: Literal["hand", "rule"]
    cause: Cause
    rule: str | None = None
    expires: Instant | None = None


@dataclass(frozen=True, slots=True)
class OpenOpportunity:
    kind: str
    since: Instant
    until: Instant | None


@dataclass(frozen=True, slots=True)
class NextTimer:
    at: Instant
    kind: TimerKind
    rule: str | None

    def as_json(self) -> dict[str, Any]:
        return {"at": rfc_3339(self.at), "kind": self.kind, "rule": self.rule}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a customer stands on a journey; ``stage`` and ``since`` are ``None`` off the journey."""

    stage: str | None
    since: Instant | None
    tags: dict[str, HeldTag]
    open: dict[str, OpenOpportunity]
    rulebook: int | None
    next_timer: NextTimer | None

    def as_json(self) -> dict[str, Any]:
        return {
            "stage": self.stage,
            "since": rfc_3339(self.since) if self.since is not None else None,
            "tags": [
                {"tag": tag, "since": rfc_3339(held.since), "by": held.by, "cause": held.cause.as_json()}
                for tag, held in sorted(self.tags.items())
            ],
            "open": [
                {"rule": rule, "kind": card.kind, "since": rfc_3339(card.since)}
                for rule, card in sorted(self.open.items())
            ],
            "rulebook": self.rulebook,
            "next_timer": self.next_timer.as_json() if self.next_timer is not None else None,
        }
