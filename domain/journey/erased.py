"""Who was erased is never folded again: what is asked about her is answered from the trail kept in the open."""

from collections.abc import Iterable, Sequence
from typing import Any

from domain.facts import Data, Fact
from domain.instants import Instant, instant
from domain.journey.in_force import Version, numbered
from domain.journey.steps import Cause, HeldTag, OpenOpportunity, Standing, Step
from domain.journey.trail import Entry
from domain.refusals import NotAnInstant


def carried(trails: dict[str, Sequence[Entry]]) -> Data:
    """The ``data`` of a fact ``customer.erased``: by journey the trail as derived at that moment."""
    return {"trails": {journey: [_step(entry) for entry in entries] for journey, entries in trails.items()}}


def kept_trail(data: Data, journey: str, as_of: Instant) -> list[Entry]:
    """The steps at or before an instant, superseded ones included. What cannot be read carries nothing."""
    trails = data.get("trails")
    steps = trails.get(journey) if isinstance(trails, dict) else None
    try:
        entries = [_entry(step) for step in steps] if isinstance(steps, list) else []
    except (NotAnInstant, KeyError, TypeError, AttributeError):
        return []
    return [entry for entry in entries if entry.step.at <= as_of]


def standing_from(entries: Iterable[Entry], versions: Sequence[Version]) -> Standing:
    """Where the steps that were believed to the end left her. No timer runs any more."""
    stage, since, rulebook = None, None, None
    tags: dict[str, HeldTag] = {}
    open_: dict[str, OpenOpportunity] = {}
    for step in (entry.step for entry in entries if entry.believed):
        rulebook = step.cause.rulebook or rulebook
        match step.kind:
            case "entered" | "moved":
                stage, since = step.target, step.at
            case "renamed":
                stage = step.target
            case "left":
                stage, since = None, None
            case "tag_added" if step.tag is not None:
                by_rule = step.cause.rule is not None
                tags[step.tag] = HeldTag(step.at, "rule" if by_rule else "hand", step.cause, step.cause.rule)
            case "tag_removed" if step.tag is not None:
                tags.pop(step.tag, None)
            case "opened" if step.opportunity is not None:
                open_[step.opportunity] = OpenOpportunity(_kind(step, versions), step.at, None)
            case "closed" if step.opportunity is not None:
                open_.pop(step.opportunity, None)
    return Standing(stage, since, tags, open_, rulebook, None)


def _kind(step: Step, versions: Sequence[Version]) -> str:
    judge = numbered(versions, step.cause.rulebook)
    rule = judge.rulebook.opportunity(step.opportunity) if judge is not None else None
    return rule.kind if rule is not None else ""


def _step(entry: Entry) -> dict[str, Any]:
    return entry.as_json() | {"believed": entry.believed}


def _entry(step: dict[str, Any]) -> Entry:
    at, cause = instant(step["at"]), step["cause"]
    fact = cause["fact"]
    by = None if fact is None else Fact(fact["source"], fact["id"], fact["type"], "", at)
    because = Cause(by, cause["timer"], cause["rule"], cause["rulebook"])
    names = (step.get(name) for name in ("from", "to", "tag", "opportunity"))
    gone = step.get("superseded_at")
    kept = Step(at, step["kind"], because, *names)
    return Entry(kept, None if gone is None else instant(gone), step["believed"] is True)
