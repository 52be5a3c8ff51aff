"""The board by stage, of now and of any instant, as known now or then."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from domain.history import in_fold_order
from domain.instants import LATEST, Instant
from domain.journey.fold import fold
from domain.journey.in_force import Version
from domain.journey.seller import seller_of
from event_log.connections import Pool, reading
from event_log.named_sql import named_queries
from event_log.reading import CustomerFacts, Reading

_QUERIES = named_queries(Path(__file__).with_suffix(".sql"))

TOGETHER = 200

Mark = tuple[Instant, UUID]
"""Where a column goes on: the last card's ``since`` and customer number."""

TOP: Final[Mark] = (LATEST + 1, UUID(int=2**128 - 1))


@dataclass(frozen=True, slots=True)
class Card:
    """``cause`` is the JSON form of what brought the customer into the stage; ``tags`` those of now, or of the cut."""

    customer: str
    since: Instant
    cause: dict[str, Any]
    tags: list[str]
    staff: str | None
    mark: Mark


@dataclass(frozen=True, slots=True)
class Column:
    stage: str
    count: int
    cards: list[Card]
    more: Mark | None


@dataclass(frozen=True, slots=True)
class Question:
    """What a board is asked for; ``position`` is what was known, ``versions`` the rulebooks known by then."""

    journey: str
    versions: Sequence[Version]
    as_of: Instant
    position: int
    staff: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Filters of the list of customers; ``None`` lets everybody through. ``q`` is part of the customer's id."""

    journey: str | None = None
    stage: str | None = None
    tag: str | None = None
    staff: str | None = None
    q: str | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """``standings`` has one object a journey: journey, stage, since (an instant), tags, staff."""

    number: UUID
    customer: str
    standings: list[dict[str, Any]]


class Board:
    def __init__(self, pool: Pool, log: Reading) -> None:
        self._pool = pool
        self._log = log

    def worked(self) -> tuple[int, Instant]:
        """The position and the instant that the rows stand for."""
        rows = self._rows("tracking")
        return (rows[0][0], rows[0][1]) if rows else (0, 0)

    def columns(self, question: Question, stages: Sequence[str], limit: int) -> list[Column]:
        """One column a stage, each with its count and its first cards."""
        apart, folded = self._apart(question)
        counts = Counter(dict(self._rows("counts", **self._values(question, apart))))
        for stage, _ in folded:
            counts[stage] += 1
        return [self._column(question, stage, counts[stage], apart, folded, TOP, limit) for stage in stages]

    def page(self, question: Question, stage: str, after: Mark | None, limit: int) -> Column:
        """The cards of one stage that follow ``after`` (``None``: the first ones)."""
        apart, folded = self._apart(question)
        return self._column(question, stage, 0, apart, folded, after or TOP, limit)

    def customers(self, wanted: Wanted, after: UUID, limit: int) -> list[Listed]:
        """Customers by number, after one, that every filter holds for."""
        filters = asdict(wanted)
        filtered = any(value is not None for name, value in filters.items() if name != "q")
        rows = self._rows("customers", **filters, filtered=filtered, after=after, limit=limit)
        return [Listed(number, subject, standings or []) for number, subject, standings in rows]

    def _column(
        self,
        question: Question,
        stage: str,
        count: int,
        apart: Sequence[UUID],
        folded: Iterable[tuple[str, Card]],
        after: Mark,
        limit: int,
    ) -> Column:
        values = self._values(question, apart)
        rows = self._rows("cards", **values, stage=stage, before=after[0], customer=after[1], limit=limit + 1)
        cards = [
            Card(subject, since, cause, tags, staff, (since, number))
            for subject, since, cause, tags, staff, number in rows
        ]
        cards += [card for place, card in folded if place == stage and card.mark < after]
        cards.sort(key=lambda card: card.mark, reverse=True)
        return Column(stage, count, cards[:limit], cards[limit - 1].mark if len(cards) > limit else None)

    def _apart(self, question: Question) -> tuple[list[UUID], list[tuple[str, Card]]]:
        """Those whom the rows do not answer for, and where a fold says they stand."""
        position, until = self.worked()
        apart: set[UUID] = set()
        if question.position < position:
            values = {"position": question.position, "worked": position}
            apart |= {customer for (customer,) in self._rows("changed_since", **values)}
            if any(found.position > question.position for found in self._log.publications(position)):
                apart |= self._everybody()
        if question.as_of > until:
            due = self._rows("due_by", journey=question.journey, as_of=question.as_of)
            apart |= {customer for (customer,) in due}
        return sorted(apart), list(self._folded(question, sorted(apart)))

    def _folded(self, question: Question, customers: Sequence[UUID]) -> Iterable[tuple[str, Card]]:
        for start in range(0, len(customers), TOGETHER):
            read = self._log.customers(customers[start : start + TOGETHER], question.position)
            for found in read.values():
                if isinstance(found, CustomerFacts) and found.subject is not None:
                    yield from self._card(question, found, found.subject)

    def _card(self, question: Question, found: CustomerFacts, subject: str) -> Iterable[tuple[str, Card]]:
        facts = in_fold_order(found.facts, question.as_of)
        folded = fold(facts, question.versions, question.as_of)
        standing, staff = folded.standing, seller_of(facts)
        if standing.stage is None or standing.since is None or question.staff not in (None, staff):
            return
        arrivals = [step for step in folded.steps if step.kind in ("entered", "moved")]
        cause = {**arrivals[-1].cause.as_json(), "kind": arrivals[-1].kind}
        mark = (standing.since, found.number)
        yield standing.stage, Card(subject, standing.since, cause, sorted(standing.tags), staff, mark)

    def _everybody(self) -> set[UUID]:
        everybody: set[UUID] = set()
        after = UUID(int=0)
        while numbers := self._log.numbers(after, TOGETHER):
            everybody |= set(numbers)
            after = numbers[-1]
        return everybody

    def _values(self, question: Question, apart: Sequence[UUID]) -> dict[str, Any]:
        return {"journey": question.journey, "as_of": question.as_of, "staff": question.staff, "apart": list(apart)}

    def _rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        with reading(self._pool) as connection:
            return connection.execute(_QUERIES[query], values).fetchall()
