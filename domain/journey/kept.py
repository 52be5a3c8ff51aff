"""A fold in progress as plain data, and back: a follower or a question goes on from it instead of from the start."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from domain.facts import Fact
from domain.journey.fold import JourneyFold
from domain.journey.in_force import Version, in_order
from domain.journey.steps import Cause, HeldTag, OpenOpportunity, Step
from domain.rulebook.conditions import Tally

FORM: Final = 1
"""To be raised with any change of what is kept or of what it means: what has another form is not resumed."""

Plain = dict[str, Any]
"""What JSON can hold, integers of 64 bits at most. It shares nothing with the fold that could still change."""


def kept_state(fold: JourneyFold, steps: bool) -> Plain:
    """All that later facts and timers depend on; with ``steps`` also those made so far."""
    customer, places, facts = fold.customer, _places_of_texts(fold.versions), _Facts()
    return {
        "form": FORM,
        "versions": _named(fold.versions),
        "came": fold.came,
        "passed": fold.passed,
        "judged_by": None if fold.judged_by is None else fold.judged_by.number,
        "judged": [list(judged) for judged in fold.judged],
        "now": customer.now,
        "stage": customer.stage,
        "since": customer.since,
        "attributes": dict(customer.attributes),
        "tallies": sorted(
            [places[text], *_tally(tally)] for text, tally in customer.tallies.items() if tally.count(customer.now)
        ),
        "tags": {
            tag: [held.since, held.by, held.rule, held.expires, *_cause(held.cause, facts)]
            for tag, held in customer.tags.items()
        },
        "hold_until": customer.hold_until,
        "resting": sorted(places[text] for text in customer.resting),
        "fired": sorted([places[text], anchor] for text, anchor in customer.fired.items()),
        "open": {rule: [card.kind, card.since, card.until] for rule, card in customer.open.items()},
        "found": sorted(places[text] for text, found in customer.found.items() if found),
        "to_be_judged": customer.to_be_judged,
        "steps": [_step(step, facts) for step in fold.steps] if steps else [],
        "facts": facts.plain(),
    }


def resumed(state: Mapping[str, Any], versions: Sequence[Version]) -> JourneyFold | None:
    """The fold that was kept; ``None`` if that was under other versions, or in another form.

    What it takes must have occurred after its ``settled_after``. Without the steps it starts with none, and makes those
    that follow. Of the facts in causes only source, id, type, instant and position are left.
    """
    if state["form"] != FORM or state["versions"] != _named(in_order(versions)):
        return None
    fold = JourneyFold(versions)
    facts = [_fact(*fact) for fact in state["facts"]]
    fold.came, fold.passed = state["came"], state["passed"]
    fold.judged_by = next((one for one in fold.versions if one.number == state["judged_by"]), None)
    fold.judged = [(at, number) for at, number in state["judged"]]
    fold.steps = [_resumed_step(facts, *step) for step in state["steps"]]
    _resume_customer(fold, state, facts)
    return fold


def _resume_customer(fold: JourneyFold, state: Mapping[str, Any], facts: Sequence[Fact]) -> None:
    customer, texts = fold.customer, list(_places_of_texts(fold.versions))
    customer.now, customer.stage, customer.since = state["now"], state["stage"], state["since"]
    customer.attributes = dict(state["attributes"])
    customer.tallies = {texts[place]: _resumed_tally(*tally) for place, *tally in state["tallies"]}
    customer.tags = {tag: _held_tag(facts, *held) for tag, held in state["tags"].items()}
    customer.hold_until = state["hold_until"]
    customer.resting = {texts[place] for place in state["resting"]}
    customer.fired = {texts[place]: anchor for place, anchor in state["fired"]}
    customer.open = {rule: OpenOpportunity(*card) for rule, card in state["open"].items()}
    customer.found = dict.fromkeys((texts[place] for place in state["found"]), True)
    customer.to_be_judged = state["to_be_judged"]


def _named(versions: Sequence[Version]) -> list[list[int]]:
    """Versions never change: their numbers and when they come into force tell them from others."""
    return [[version.number, version.effective_from] for version in versions]


def _places_of_texts(versions: Sequence[Version]) -> dict[str, int]:
    """A number for each text by which a fold remembers something: texts are long, and the same in many versions."""
    rulebooks = [version.rulebook for version in versions]
    moves = (move.text for rulebook in rulebooks for move in rulebook.moves)
    cards = (card.text for rulebook in rulebooks for card in rulebook.opportunities)
    tallied = (matcher.text for rulebook in rulebooks for matcher in rulebook.tallied)
    return {text: place for place, text in enumerate(dict.fromkeys((*moves, *cards, *tallied)))}


def _tally(tally: Tally) -> list[Any]:
    """All there ever was outgrows 64 bits, if amounts are large: so that sum is a text."""
    if tally.within is None:
        return [None, tally.number, str(tally.total), tally.first, tally.last]
    return [tally.within, *(part for met in tally.lately for part in met)]


def _resumed_tally(within: int | None, *said: Any) -> Tally:
    if within is None:
        number, total, first, last = said
        return Tally(None, number, int(total), first, last)
    tally = Tally(within)
    for at, amount in zip(said[::2], said[1::2], strict=True):
        tally.put(at, amount)
    return tally


# Steps and what made them -------------------------------------------------------------------------------------------


class _Facts:
    """The facts in causes, each once: one fact often makes several steps."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, str], int] = {}
        self._facts: list[Fact] = []

    def place(self, fact: Fact) -> int:
        place = self._places.setdefault(fact.key, len(self._facts))
        if place == len(self._facts):
            self._facts.append(fact)
        return place

    def plain(self) -> list[list[Any]]:
        return [[fact.source, fact.id, fact.type, fact.occurred_at, fact.position] for fact in self._facts]


def _fact(source: str, id: str, type: str, occurred_at: int, position: int | None) -> Fact:
    return Fact(source, id, type, customer="", occurred_at=occurred_at, position=position)


def _cause(cause: Cause, facts: _Facts) -> list[Any]:
    """What made it: the place of a fact or the kind of a timer, the rule and the version."""
    return [cause.timer if cause.fact is None else facts.place(cause.fact), cause.rule, cause.rulebook]


def _resumed_cause(facts: Sequence[Fact], made_by: Any, rule: str | None, rulebook: int | None) -> Cause:
    if isinstance(made_by, int):
        return Cause(facts[made_by], None, rule, rulebook)
    return Cause(None, made_by, rule, rulebook)


def _step(step: Step, facts: _Facts) -> list[Any]:
    return [
        step.at,
        step.kind,
        *_cause(step.cause, facts),
        step.origin,
        step.target,
        step.tag,
        step.opportunity,
    ]


def _resumed_step(
    facts: Sequence[Fact], at: int, kind: Any, made_by: Any, rule: str | None, rulebook: int | None, *names: str | None
) -> Step:
    return Step(at, kind, _resumed_cause(facts, made_by, rule, rulebook), *names)


def _held_tag(
    facts: Sequence[Fact], since: int, by: Any, rule: str | None, expires: int | None, *cause: Any
) -> HeldTag:
    return HeldTag(since, by, _resumed_cause(facts, *cause), rule, expires)
