"""The board by stage, of now and of any instant, as known now or then."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from domain.history import in_fold_order
from domain.instants import LATEST, Instant
from domain.journey.fold import fold
from domain.journey.in_force import Version
from domain.journey.seller import seller_of
from event_log.connections import Pool, snapshot
from event_log.named_sql import named_queries
from event_log.reading import CustomerFacts, Reading

_QUERIES = named_queries(Path(__file__).with_suffix(".sql"))

TOGETHER = 200

Mark = tuple[Instant, UUID]
"""Where a column goes on: the last card's ``since`` and customer number."""

Rows = Callable[..., list[tuple[Any, ...]]]
"""A query by its name, with its values, within one snapshot."""

TOP: Final[Mark] = (LATEST + 1, UUID(int=2**128 - 1))


@dataclass(frozen=True, slots=True)
class Card:
    """``cause`` is the JSON form of what brought her into the stage; ``tags`` and ``staff`` are of the instant."""

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
    """Every answer is that of one moment: what it reads of the rows, it reads in one snapshot of the database."""

    def __init__(self, pool: Pool, log: Reading) -> None:
        self._pool = pool
        self._log = log

    def worked(self) -> tuple[int, Instant]:
        """The position and the instant that the rows stand for."""
        with self._snapshot() as rows:
            position, until, _ = _worked(rows)
            return position, until

    def columns(self, question: Question, stages: Sequence[str], limit: int) -> list[Column]:
        """One column a stage, each with its count and its first cards.

        Who is pinned to an older version may stand in a stage beside ``stages``; it gets a column behind them.
        """
        with self._snapshot() as rows:
            apart = _apart(question, rows)
            counts = Counter(dict(rows("counts", **_values(question, apart))))
            standing = [*stages, *sorted(counts.keys() - set(stages))]
            shown = {stage: _cards(question, stage, apart, TOP, limit, rows) for stage in standing}
        folded = list(self._folded(question, apart))
        counts.update(stage for stage, _ in folded)
        standing += sorted(counts.keys() - set(standing))
        return [_column(stage, counts[stage], shown.get(stage, []), folded, TOP, limit) for stage in standing]

    def page(self, question: Question, stage: str, after: Mark | None, limit: int) -> Column:
        """The cards of one stage that follow ``after`` (``None``: the first ones)."""
        with self._snapshot() as rows:
            apart = _apart(question, rows)
            shown = _cards(question, stage, apart, after or TOP, limit, rows)
        return _column(stage, 0, shown, self._folded(question, apart), after or TOP, limit)

    def stages_of(self, journey: str, customers: Sequence[UUID], as_of: Instant) -> dict[UUID, str]:
        """In which stage each of these stands, as far as the rows go; who is off the journey is absent."""
        with self._snapshot() as rows:
            return dict(rows("stages_of", journey=journey, customers=list(customers), as_of=as_of))

    def customers(self, wanted: Wanted, after: UUID, limit: int) -> list[Listed]:
        """Customers by number, after one, that every filter holds for."""
        filters = asdict(wanted)
        filtered = any(value is not None for name, value in filters.items() if name != "q")
        with self._snapshot() as rows:
            found = rows("customers", **filters, filtered=filtered, after=after, limit=limit)
        return [Listed(number, subject, standings or []) for number, subject, standings in found]

    @contextmanager
    def _snapshot(self) -> Iterator[Rows]:
        with snapshot(self._pool) as connection:
            yield lambda query, **values: connection.execute(_QUERIES[query], values).fetchall()

    def _folded(self, question: Question, customers: Sequence[UUID]) -> Iterator[tuple[str, Card]]:
        """Where a fold says that these stand."""
        for start in range(0, len(customers), TOGETHER):
            read = self._log.customers(customers[start : start + TOGETHER], question.position)
            for found in read.values():
                if isinstance(found, CustomerFacts) and found.subject is not None:
                    yield from _card(question, found, found.subject)


def _worked(rows: Rows) -> tuple[int, Instant, int]:
    """How far all rows are, and the position of those that are furthest."""
    ((position, until, furthest),) = rows("tracking")
    return position, until, furthest


def _apart(question: Question, rows: Rows) -> list[UUID]:
    """Those whom the rows do not answer for."""
    _, until, furthest = _worked(rows)
    apart: set[UUID] = set()
    if question.position < furthest:
        apart |= {customer for (customer,) in rows("changed_since", position=question.position, worked=furthest)}
    if question.as_of > until:
        apart |= {customer for (customer,) in rows("due_by", journey=question.journey, as_of=question.as_of)}
    return sorted(apart)


def _values(question: Question, apart: Sequence[UUID]) -> dict[str, Any]:
    return {"journey": question.journey, "as_of": question.as_of, "staff": question.staff, "apart": list(apart)}


def _cards(
    question: Question, stage: str, apart: Sequence[UUID], after: Mark, limit: int, rows: Rows
) -> list[tuple[str, Card]]:
    """From the rows: one more than the limit, so that whoever pages knows whether there are more."""
    before, customer = after
    values = _values(question, apart)
    found = rows("cards", **values, stage=stage, before=before, customer=customer, limit=limit + 1)
    return [
        (stage, Card(subject, since, cause, tags, staff, (since, number)))
        for subject, since, cause, tags, staff, number in found
    ]


def _column(
    stage: str,
    count: int,
    shown: Iterable[tuple[str, Card]],
    folded: Iterable[tuple[str, Card]],
    after: Mark,
    limit: int,
) -> Column:
    cards = [card for place, card in (*shown, *folded) if place == stage and card.mark < after]
    cards.sort(key=lambda card: card.mark, reverse=True)
    return Column(stage, count, cards[:limit], cards[limit - 1].mark if len(cards) > limit else None)


def _card(question: Question, found: CustomerFacts, subject: str) -> Iterator[tuple[str, Card]]:
    facts = in_fold_order(found.facts, question.as_of)
    folded = fold(facts, question.versions, question.as_of)
    standing, staff = folded.standing, seller_of(facts)
    if standing.stage is None or standing.since is None or question.staff not in (None, staff):
        return
    arrivals = [step for step in folded.steps if step.kind in ("entered", "moved")]
    cause = {**arrivals[-1].cause.as_json(), "kind": arrivals[-1].kind}
    mark = (standing.since, found.number)
    yield standing.stage, Card(subject, standing.since, cause, sorted(standing.tags), staff, mark)
