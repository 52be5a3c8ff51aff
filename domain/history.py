"""The two cuts and the order: which facts a question is about, and how they are read."""

from collections.abc import Iterable
from dataclasses import replace

from domain.facts import Fact
from domain.instants import Instant
from domain.refusals import FactsConflict, Fault
from domain.strict_json import canonical


def in_fold_order(facts: Iterable[Fact], as_of: Instant) -> list[Fact]:
    """The known facts that happened by ``as_of``, voided ones left out, in the order of design section 2.2."""
    known = list(facts)
    gone = _voided(known)
    return sorted((fact for fact in known if fact.occurred_at <= as_of and fact.key not in gone), key=_order)


def known_by(facts: Iterable[Fact], known_at: Instant) -> list[Fact]:
    return [fact for fact in facts if fact.recorded_at is None or fact.recorded_at <= known_at]


def once_each(deliveries: Iterable[Fact]) -> list[Fact]:
    """Each fact once, known since the first of its deliveries.

    Raises ``FactsConflict`` with the index of every delivery whose content differs from an earlier one's.
    """
    facts: dict[tuple[str, str], Fact] = {}
    faults = []
    for index, delivery in enumerate(deliveries):
        first = facts.setdefault(delivery.key, delivery)
        if first is delivery:
            continue
        if canonical(first.content()) != canonical(delivery.content()):
            faults.append(Fault(f"Another content under source {delivery.source}, id {delivery.id}.", index=index))
        elif _recorded(delivery) < _recorded(first):
            facts[delivery.key] = replace(first, recorded_at=delivery.recorded_at)
    if faults:
        raise FactsConflict(faults=faults)
    return list(facts.values())


def _order(fact: Fact) -> tuple[Instant, str, str, str]:
    return fact.order


def _recorded(fact: Fact) -> Instant:
    return fact.recorded_at if fact.recorded_at is not None else fact.occurred_at


def _voided(facts: list[Fact]) -> set[tuple[str, str]]:
    """The keys a void takes out: the fact it names and itself, once both are known. A void cannot be voided."""
    voids = [fact for fact in facts if fact.type == "fact.voided"]
    if not voids:
        return set()
    voidable = {fact.key for fact in facts if fact.type != "fact.voided"}
    gone: set[tuple[str, str]] = set()
    for void in voids:
        source, identity = void.data.get("source"), void.data.get("id")
        if isinstance(source, str) and isinstance(identity, str) and (source, identity) in voidable:
            gone |= {void.key, (source, identity)}
    return gone
