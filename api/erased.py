"""Answers about an erased customer: from the trail that her erasure carries in the open, marked `erased`."""

from collections.abc import Sequence
from typing import Any

from domain.facts import ERASED
from domain.instants import Instant
from domain.journey.erased import kept_trail, standing_from
from domain.journey.in_force import Version
from domain.journey.trail import Entry
from event_log.reading import CustomerFacts

MARK = {"erased": True}


def trail_kept(known: CustomerFacts, journey: str, as_of: Instant) -> list[Entry]:
    """Empty where nothing was kept of this journey."""
    erasures = [fact for fact in known.sealed if fact.type == ERASED]
    return kept_trail(erasures[-1].data, journey, as_of) if erasures else []


def standing_kept(known: CustomerFacts, journey: str, versions: Sequence[Version], as_of: Instant) -> dict[str, Any]:
    return standing_from(trail_kept(known, journey, as_of), versions).as_json() | MARK
