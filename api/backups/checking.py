"""What can be proved of a log with nothing but the master key: every byte, every key, and that customers fold."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from domain.history import in_fold_order
from domain.instants import Instant
from domain.journey.fold import fold
from domain.refusals import EntryDamaged
from event_log.connections import Pool
from event_log.ledger import walk
from event_log.log import EventLog
from event_log.published import versions_by_journey
from event_log.reading import END, CustomerFacts

SAMPLE: Final = 200
"""Customers that are folded. Their numbers are random, so the first of them are a fair sample."""
TOGETHER: Final = 500


@dataclass(frozen=True, slots=True)
class Checked:
    """``keys`` were unwrapped, ``folded`` customers were folded on every journey."""

    entries: int
    keys: int
    folded: int


def check_log(pool: Pool, log: EventLog, at: Instant, reached: Callable[[int], None]) -> Checked:
    """Walk the whole log, telling each position reached.

    Raises ``LogDamaged`` or ``EntryDamaged`` at the first fault.
    """
    entries = 0
    for position in walk(pool):
        entries = position
        reached(position)
    keys = sum(_unwrapped(log, numbers) for numbers in log.reading.everybody(TOGETHER))
    return Checked(entries, keys, _folded(log, at))


def _unwrapped(log: EventLog, numbers: list[UUID]) -> int:
    keys = log.reading.keys(numbers)
    for key in keys.values():
        if isinstance(key, EntryDamaged):
            raise key
    return len(keys)


def _folded(log: EventLog, at: Instant) -> int:
    journeys = versions_by_journey(log.reading.publications())
    sample = log.reading.customers(next(log.reading.everybody(SAMPLE), []), END)
    for known in sample.values():
        if not isinstance(known, CustomerFacts):
            raise known
        for versions in journeys.values():
            fold(in_fold_order(known.facts, at), versions, at)
    return len(sample)
