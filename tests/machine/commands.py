"""What a command must be answered with, decided on the naive fold alone."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from domain.facts import Data, Fact
from domain.instants import DAY, Instant, instant, rfc_3339
from tests.domain.naive import Published
from tests.domain.naive_conditions import is_length, several, stages
from tests.machine.memory import Memory, same_content

SOURCE = "trailbook"


@dataclass(frozen=True)
class Verdict:
    """The status, and the facts of the command: those that are to be stored, or were stored under its id before."""

    status: int
    facts: tuple[Fact, ...] = ()


Decide = Callable[[Fact], Verdict]


def judged(memory: Memory, type: str, customer: str, data: Data, id: str, decide: Decide) -> Verdict:
    """A repetition is answered as the first time; else ``decide`` is asked about the fact at its own instant."""
    earlier = memory.fact(SOURCE, id)
    if earlier is not None:
        if not same_content(earlier, Fact(SOURCE, id, type, customer, earlier.occurred_at, data=data)):
            return Verdict(409)
        return Verdict(200, (earlier, *_made_with(memory, earlier)))
    if not memory.facts(customer):
        return Verdict(404)
    return decide(Fact(SOURCE, id, type, customer, _instant_of_its_own(memory, customer), data=data))


def move(memory: Memory, customer: str, data: dict[str, str], id: str) -> Verdict:
    """``data`` with ``journey``, ``from``, ``stage``, ``reason``, ``by`` and perhaps ``hold``."""
    if "hold" in data and not is_length(data["hold"]):
        return Verdict(422)

    def decide(asked: Fact) -> Verdict:
        versions = memory.versions(data["journey"])
        if not versions:
            return Verdict(404)
        outcome = memory.fold(customer, data["journey"], memory.head, asked.occurred_at - 1)
        document = _judging(versions, outcome.rulebook, asked.occurred_at).document
        if data["stage"] not in stages(document):
            return Verdict(422)
        wrong = outcome.stage is None or outcome.stage != data["from"]
        moves = data["stage"] != data["from"]
        if wrong or (moves and not _people_may(document, data["from"], data["stage"])):
            return Verdict(409)
        return Verdict(201, (asked,))

    return judged(memory, "stage.set", customer, data, id, decide)


def void(memory: Memory, position: int, reason: str, by: str, id: str) -> Verdict:
    target = memory.entries[position - 1] if 1 <= position <= memory.head else None
    if not isinstance(target, Fact):
        return Verdict(404)
    wrong = target

    def decide(asked: Fact) -> Verdict:
        voids = [fact.data for fact in memory.facts(wrong.customer) if fact.type == "fact.voided"]
        is_gone = any((void.get("source"), void.get("id")) == wrong.key for void in voids)
        return Verdict(409) if wrong.type == "fact.voided" or is_gone else Verdict(201, (asked,))

    data = {"source": wrong.source, "id": wrong.id, "reason": reason, "by": by}
    return judged(memory, "fact.voided", wrong.customer, data, id, decide)


def work(memory: Memory, type: str, customer: str, data: dict[str, Any], id: str) -> Verdict:
    """Of an opportunity that a list named; ``data`` with ``journey``, ``rule``, ``opened_at`` and perhaps ``until``."""

    def decide(asked: Fact) -> Verdict:
        at = asked.occurred_at
        if "until" in data and not 0 < instant(data["until"]) - at <= 366 * DAY:
            return Verdict(422)
        cards = memory.fold(customer, data["journey"], memory.head, at - 1).open
        card = cards.get(data["rule"])
        if card is None or rfc_3339(card.since) != data["opened_at"]:
            return Verdict(409)
        rest = [
            Fact(
                SOURCE,
                f"{id}:{rule}",
                type,
                customer,
                at,
                data=data | {"rule": rule, "opened_at": rfc_3339(other.since)},
            )
            for rule, other in sorted(cards.items())
            if rule != data["rule"] and other.kind == card.kind
        ]
        return Verdict(201, (asked, *rest))

    return judged(memory, type, customer, data, id, decide)


def _made_with(memory: Memory, first: Fact) -> list[Fact]:
    facts = memory.facts(first.customer)
    return [fact for fact in facts if fact.recorded_at == first.recorded_at and fact.id.startswith(f"{first.id}:")]


def _instant_of_its_own(memory: Memory, customer: str) -> Instant:
    """The present, or the first instant after it at which nothing else happens to the customer."""
    taken: set[Instant | None] = {fact.occurred_at for fact in memory.facts(customer)}
    taken |= {entry.version.effective_from for entry in memory.entries if not isinstance(entry, Fact)}
    at = memory.now
    while at in taken:
        at += 1
    return at


def _judging(versions: list[Published], number: int | None, at: Instant) -> Published:
    """The version a customer is on; else the one in force, or the first that will be."""
    if number is not None:
        return versions[number - 1]

    def order(version: Published) -> tuple[Instant, int]:
        return (-(10**18) if version.effective_from is None else version.effective_from, version.number)

    in_force = [version for version in versions if order(version)[0] <= at]
    return max(in_force, key=order) if in_force else min(versions, key=order)


def _people_may(document: dict[str, Any], origin: str, target: str) -> bool:
    return "manual" not in document or any(
        {"*", origin} & set(several(way.get("from", "*"))) and {"*", target} & set(several(way["to"]))
        for way in document["manual"]
    )
