"""Opportunities as rows, and the list of a day from them: of today and of any past day, as known now or then."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Final
from uuid import UUID

from domain.instants import Instant
from domain.journey.beliefs import Belief, belief
from domain.journey.day_list import Card, Day, day_list
from domain.journey.in_force import Version
from domain.journey.spells import Spell, spells
from event_log.connections import Pool, snapshot
from event_log.named_sql import named_queries
from event_log.reading import CustomerFacts, Reading
from projections.believed import BelievedTable, Said

QUERIES = named_queries(Path(__file__).with_suffix(".sql"))
TABLE: Final = BelievedTable(QUERIES, tuple(field.name for field in fields(Spell)))
TOGETHER = 200


def said_of_opportunities(belief: Belief, journey: str) -> Iterable[Said]:
    """What the rows say of the spells of one belief."""
    return (astuple(spell) for spell in spells(belief, journey))


@dataclass(frozen=True, slots=True)
class DayQuestion:
    """``known_at`` and ``position`` are what was known; ``versions`` the rulebooks known by then."""

    journey: str
    versions: Sequence[Version]
    day: Day
    known_at: Instant
    position: int
    staff: str | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A card with the number by which the log knows its customer."""

    number: UUID
    card: Card


class Opportunities:
    def __init__(self, pool: Pool, log: Reading) -> None:
        self._pool = pool
        self._log = log

    def of_day(self, question: DayQuestion) -> list[Listed]:
        """The cards of the day, ranked.

        From the rows, if they were worked up to what is asked; whom time may still change until ``upto`` is folded.
        """
        asked = {"journey": question.journey, "known_at": question.known_at, "staff": question.staff}
        day = {"start": question.day.start, "upto": question.day.upto}
        with snapshot(self._pool) as connection:
            apart: list[UUID] = []
            if question.day.upto > question.known_at:
                worked = connection.execute(QUERIES["tracking"]).fetchone()
                query = "due_by" if worked is not None and question.known_at >= worked[1] else "everybody"
                apart = [customer for (customer,) in connection.execute(QUERIES[query], {**asked, **day})]
            rows = connection.execute(QUERIES["of_day"], {**asked, **day, "apart": apart}).fetchall()
        found = [(number, subject, Spell(*said)) for number, subject, *said in rows]
        found += self._folded(question, apart)
        numbers = {subject: number for number, subject, _ in found}
        versions = {version.number: version for version in question.versions}
        cards = day_list(((subject, spell) for _, subject, spell in found), versions, question.day, question.staff)
        return [Listed(numbers[card.customer], card) for card in cards]

    def _folded(self, question: DayQuestion, customers: Sequence[UUID]) -> Iterator[tuple[UUID, str, Spell]]:
        for start in range(0, len(customers), TOGETHER):
            read = self._log.customers(customers[start : start + TOGETHER], question.position)
            for found in read.values():
                if isinstance(found, CustomerFacts) and found.subject is not None:
                    held = belief(found.facts, question.versions, question.known_at, question.day.upto)
                    for spell in spells(held, question.journey):
                        yield found.number, found.subject, spell
