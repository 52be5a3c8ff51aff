"""Who differs in a backtest, a page at a time: named as long as she is known, with what made her part, in words."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from api.kept_backtests import KeptBacktest
from api.wiring import Service
from backtest.differing_rows import Row, Side, first_side, step_of
from backtest.question import CANDIDATE, PUBLISHED, Question, question_of, runs_of
from domain.facts import Fact
from domain.instants import Instant, instant, rfc_3339
from domain.journey.in_force import Version
from domain.journey.sentences import sentence
from domain.journey.vocabulary import Sentence
from domain.rulebook.document import build
from domain.rulebook.reader import read
from event_log.published import version_of
from event_log.sealing import CustomerKey
from event_log.state import Publication, SealedFact

if TYPE_CHECKING:
    import pyarrow as pa

Judges = Mapping[Side, Sequence[Version]]
"""The versions that each side was folded under."""

OFF: Final = ""
"""As a filter names "off the journey"."""
TOGETHER: Final = 100
"""Rows that are read in one go."""


@dataclass(frozen=True, slots=True)
class Differing:
    """``customer`` is ``None`` once she is erased. ``at`` is when the two part, and ``side`` made that step."""

    customer: str | None
    published_stage: str | None
    candidate_stage: str | None
    since_published: Instant | None
    since_candidate: Instant | None
    at: Instant
    side: Side
    sentence: Sentence

    @property
    def erased(self) -> bool:
        return self.customer is None

    def as_json(self) -> dict[str, Any]:
        return {
            "customer": self.customer,
            "erased": self.erased,
            "published_stage": self.published_stage,
            "candidate_stage": self.candidate_stage,
            "since_published": _written(self.since_published),
            "since_candidate": _written(self.since_candidate),
            "at": rfc_3339(self.at),
            "side": self.side,
            "sentence": {"zh": self.sentence.zh, "en": self.sentence.en},
        }


@dataclass(frozen=True, slots=True)
class DifferingPage:
    """``next`` is the place in the list at which the next page begins; ``total`` counts all who differ."""

    items: list[Differing]
    next: int | None
    total: int


def differing_page(
    service: Service, id: UUID, place: int, limit: int, published: str | None = None, candidate: str | None = None
) -> DifferingPage:
    """From a place in the list on, those who stand in these stages at the end; ``OFF`` is off the journey.

    Raises ``UnknownBacktest``, ``EntryDamaged``.
    """
    kept = service.backtests.one(id)
    wanted: dict[str, str | None] = {"published_stage": published, "candidate_stage": candidate}
    found: list[tuple[int, Row]] = []
    for at, row in _rows(service, id, place):
        if all(stage is None or (row[name] or OFF) == stage for name, stage in wanted.items()):
            found.append((at, row))
            if len(found) > limit:
                break
    more = found[limit][0] if len(found) > limit else None
    total = 0 if kept.headline is None else kept.headline["differ"]
    rows = [row for _, row in found[:limit]]
    items = of_the_log(service, rows, _kept_judges(service, kept, kept.report)) if kept.report else []
    return DifferingPage(items, more, total)


def of_the_log(service: Service, rows: Sequence[Row], judges: Judges) -> list[Differing]:
    """Rows of a backtest of the log, in words. Raises ``EntryDamaged``."""
    reading = service.log.reading
    keys = reading.keys({_number(row) for row in rows})
    facts = reading.facts_at({position for row in rows if (position := _cause(row)) is not None})

    def name(row: Row) -> str | None:
        key = keys.get(_number(row))
        return key.subject if isinstance(key, CustomerKey) else None

    return [_differing(row, name(row), _readable(facts.get(_cause(row) or 0)), judges) for row in rows]


def of_a_file(facts: Sequence[Fact], rows: Iterable[Row], judges: Judges) -> Iterator[Differing]:
    """Rows of a backtest of a file of facts, in words."""
    for row in rows:
        place = _cause(row)
        yield _differing(row, row["customer"], None if place is None else facts[place], judges)


def judges_of(question: Question, published: Sequence[Version]) -> Judges:
    """``published`` are the versions that the backtest was run with."""
    runs = runs_of(question, published)
    return {"published": runs[PUBLISHED], "candidate": runs[CANDIDATE]}


def rows_of(table: "pa.Table") -> Iterator[Row]:
    """Row by row, some hundred in memory."""
    for offset in range(0, table.num_rows, TOGETHER):
        yield from table.slice(offset, TOGETHER).to_pylist()


def _rows(service: Service, id: UUID, place: int) -> Iterator[tuple[int, Row]]:
    """From a place in the list on, each with its own."""
    for first, table in service.backtests.differing(id, place):
        skipped = max(0, place - first)
        yield from enumerate(rows_of(table.slice(skipped)), first + skipped)


def _kept_judges(service: Service, kept: KeptBacktest, report: Mapping[str, Any]) -> Judges:
    published = service.log.publications.of(kept.journey, report["known"]["position"])
    return _judges(kept.document, kept.asked["from"], kept.asked["to"], tuple(published))


@lru_cache(maxsize=32)
def _judges(text: str, since: str | None, until: str, published: tuple[Publication, ...]) -> Judges:
    # A backtest never changes, and its list is read page by page.
    document = read(text).document
    begin = None if since is None else instant(since)
    question = question_of(document, build(document), begin, instant(until))
    return judges_of(question, [version_of(publication) for publication in published])


def _cause(row: Row) -> int | None:
    """Where the fact stands that made the step."""
    position: int | None = row[f"{first_side(row)}_fact"]
    return position


def _differing(row: Row, customer: str | None, cause: Fact | None, judges: Judges) -> Differing:
    side = first_side(row)
    step = step_of(row, side, cause)
    assert step is not None
    return Differing(
        customer,
        row["published_stage"],
        row["candidate_stage"],
        row["published_since"],
        row["candidate_since"],
        step.at,
        side,
        sentence(step, judges[side]),
    )


def _readable(fact: Fact | SealedFact | None) -> Fact | None:
    """Of an erased customer's what stayed public."""
    if not isinstance(fact, SealedFact):
        return fact
    return Fact("", "", fact.type, "", fact.occurred_at, data=fact.data)


def _number(row: Row) -> UUID:
    return UUID(bytes=bytes(row["customer"]))


def _written(at: Instant | None) -> str | None:
    return None if at is None else rfc_3339(at)
