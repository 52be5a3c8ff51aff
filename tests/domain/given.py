"""The words of the domain's tests: given rules, facts on days of March 2026, then where the customer stands and why.

Day 1 is 1 March at 00:00Z, day 1.5 its noon, day 36 the 5th of April. Facts of one day and source are read in the order
in which a test names them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from domain.facts import Fact
from domain.history import in_fold_order, known_by, once_each
from domain.instants import DAY, Instant, instant
from domain.journey.fold import Folded, fold
from domain.journey.in_force import ALWAYS, Version, known, version
from domain.journey.steps import Step
from domain.rulebook.document import build

Document = dict[str, Any]
Day = float

JOURNEY = "j"
NEVER: Day = 61
"""The day on which a story ends unless it says otherwise: 30 April."""


def day(number: Day) -> Instant:
    return instant("2026-03-01T00:00:00Z") + round((number - 1) * DAY)


# Rules --------------------------------------------------------------------------------------------------------------


def rules(*moves: Document, stages: str = "ABC", **sections: Any) -> Document:
    """A document of the journey j; a stage is one letter, the first is initial."""
    listed = [{"id": stage, "initial": stage == stages[0]} for stage in stages]
    return {"journey": JOURNEY, "stages": listed, "moves": list(moves), **sections}


def move(way: str, *triggers: Document, **trigger: Any) -> Document:
    """``move("A->B", on("x"))``; the id of the move is its way, unless given; ``*->B`` leads there from anywhere."""
    origin, target = way.split("->")
    origins: str | list[str] = origin.split(",") if "," in origin else origin
    return {"id": way, "from": origins, "to": target, **joined(triggers), **trigger}


def tag(name: str, *triggers: Document, **effect: Any) -> Document:
    """A rule that adds a tag; its id is the name of the tag unless given."""
    return {"id": name, **joined(triggers), "add": name, **effect}


def untag(name: str, *triggers: Document) -> Document:
    return {"id": f"no {name}", **joined(triggers), "remove": name}


def card(name: str, *triggers: Document, **more: Any) -> Document:
    return {"id": name, "kind": "chat", **joined(triggers), **more}


def on(fact_type: str | list[str], **when: Any) -> Document:
    return {"when": {"fact": fact_type, **when}}


def if_(**condition: Any) -> Document:
    return {"if": condition}


def joined(parts: Iterable[Document]) -> Document:
    return {name: value for part in parts for name, value in part.items()}


# Facts --------------------------------------------------------------------------------------------------------------


def fact(fact_type: str, on_day: Day, /, **data: Any) -> Fact:
    return Fact(source="s", id="", type=fact_type, customer="c", occurred_at=day(on_day), data=data)


def x(on_day: Day, /, **data: Any) -> Fact:
    return fact("x", on_day, **data)


def y(on_day: Day, /, **data: Any) -> Fact:
    return fact("y", on_day, **data)


def tagged(on_day: Day, name: object) -> Fact:
    return fact("tag.added", on_day, tag=name)


def untagged(on_day: Day, name: object) -> Fact:
    return fact("tag.removed", on_day, tag=name)


def set_to(stage: object, on_day: Day, /, **data: Any) -> Fact:
    """A manual move."""
    return fact("stage.set", on_day, **{"journey": JOURNEY, "stage": stage, **data})


def profile(on_day: Day, /, **attributes: Any) -> Fact:
    return fact("profile.changed", on_day, attributes=attributes)


def done(rule: str, on_day: Day, /, **data: Any) -> Fact:
    return fact("opportunity.done", on_day, **{"journey": JOURNEY, "rule": rule, **data})


def learned(late: Fact, on_day: Day) -> Fact:
    """The same fact, learned of on a later day."""
    return replace(late, recorded_at=day(on_day))


def numbered(facts: Iterable[Fact]) -> list[Fact]:
    """An id for each fact that has none, and the day it happened as the day it was learned of."""
    return [
        replace(
            told,
            id=told.id or f"{number:03d}",
            recorded_at=told.occurred_at if told.recorded_at is None else told.recorded_at,
        )
        for number, told in enumerate(facts)
    ]


# The story ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Story:
    """Rules and facts, and the question's two cuts; every word gives a new story."""

    versions: tuple[Version, ...]
    known_facts: tuple[Fact, ...] = ()
    as_of: Day = NEVER
    known_at: Day | None = None

    def then_from(self, on_day: Day, document: Document, published: Day | None = None) -> "Story":
        """A next version that comes into force on a day, published then unless said otherwise."""
        at = day(on_day)
        later = version(build(document), len(self.versions) + 1, at, at if published is None else day(published))
        return replace(self, versions=(*self.versions, later))

    def facts(self, *facts: Fact) -> "Story":
        return replace(self, known_facts=tuple(numbered(facts)))

    def on(self, as_of: Day, known_at: Day | None = None) -> "Story":
        return replace(self, as_of=as_of, known_at=known_at)

    def folded(self) -> Folded:
        facts, versions = once_each(self.known_facts), self.versions
        if self.known_at is not None:
            facts, versions = known_by(facts, day(self.known_at)), known(versions, day(self.known_at))
        return fold(in_fold_order(facts, day(self.as_of)), versions, day(self.as_of))

    def then(self, stage: str | None, since: Day | None = None, **rest: Any) -> "Story":
        """She stands in ``stage`` since a day, with these ``tags``, ``open`` cards and ``rulebook`` where named."""
        standing = self.folded().standing
        found: Document = {
            "stage": standing.stage,
            "since": standing.since,
            "tags": sorted(standing.tags),
            "open": sorted(standing.open),
            "rulebook": standing.rulebook,
        }
        wanted = {"stage": stage, **({} if since is None else {"since": day(since)}), **rest}
        assert {name: found[name] for name in wanted} == wanted
        return self

    def then_steps(self, *steps: str) -> "Story":
        """All steps after the first entry of a journey without ``enter``, in words: ``3 moved A->B by up at x``."""
        told = [in_words(step) for step in self.folded().steps]
        assert told == list(steps)
        return self

    def then_moves(self, *steps: str) -> "Story":
        """The moves alone, as ``3 A->B``."""
        told = [in_words(step).replace(" moved", "").split(" by ")[0] for step in self.folded().steps]
        kinds = [step.kind for step in self.folded().steps]
        assert [words for words, kind in zip(told, kinds, strict=True) if kind == "moved"] == list(steps)
        return self


def given(document: Document | None = None) -> Story:
    """The rules, in force since always; none for a journey without a published version yet."""
    return Story(() if document is None else (version(build(document), 1, ALWAYS, ALWAYS),))


def in_words(step: Step) -> str:
    """``3 moved A->B by up at x``: day, kind, what, rule (or hand) and the fact or timer that made the step."""
    number = (step.at - day(1)) / DAY + 1
    if step.kind in ("moved", "renamed"):
        what = f"{step.origin}->{step.target}"
    else:
        what = step.target or step.origin or step.tag or step.opportunity or ""
    cause = step.cause
    maker = cause.fact.type if cause.fact is not None else f"{cause.timer}"
    rule = f" by {cause.rule}" if cause.rule is not None else " by hand" if cause.fact is not None else ""
    return f"{number:g} {step.kind} {what}{rule} at {maker}"
