"""The trail as rows: every step that some belief had, from when until when it was believed."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from domain.facts import Fact
from domain.instants import Instant
from domain.journey.steps import Cause, Step
from domain.journey.trail import Entry, Identity, Placed, placed
from event_log.connections import Pool, snapshot
from event_log.named_sql import named_queries
from event_log.reading import Reading
from projections.believed import BelievedTable, Said

QUERIES = named_queries(Path(__file__).with_suffix(".sql"))

TABLE: Final = BelievedTable(
    QUERIES,
    (
        "at",
        "again",
        "place",
        "kind",
        "origin",
        "target",
        "tag",
        "opportunity",
        "cause_position",
        "timer",
        "rule",
        "rulebook",
    ),
)


def said_of_steps(steps: Iterable[Step]) -> Iterable[Said]:
    """What the rows say of the steps of one belief."""
    for one in placed(steps):
        step, cause = one.step, one.step.cause
        position = cause.fact.position if cause.fact is not None else None
        names = step.origin, step.target, step.tag, step.opportunity
        yield (
            step.at,
            one.identity[-1],
            one.place,
            step.kind,
            *names,
            position,
            cause.timer,
            cause.rule,
            cause.rulebook,
        )


class TrailRows:
    """Answers from the rows, where they say all that is asked."""

    def __init__(self, pool: Pool, log: Reading) -> None:
        self._pool = pool
        self._log = log

    def entries(self, journey: str, customer: UUID, as_of: Instant, known_at: Instant) -> list[Entry] | None:
        """The trail at both cuts; ``None`` where the rows are behind and a fold has to answer."""
        asked = {"journey": journey, "customer": customer, "known_at": known_at, "as_of": min(as_of, known_at)}
        with snapshot(self._pool) as connection:
            if connection.execute(QUERIES["covers"], asked).fetchone() != (True,):
                return None
            rows = connection.execute(QUERIES["believed"], asked).fetchall()
        return _entries(rows, self._causes(rows), known_at)

    def _causes(self, rows: Sequence[tuple[Any, ...]]) -> dict[int, Fact]:
        found = self._log.facts_at({row[10] for row in rows if row[10] is not None})
        return {position: fact for position, fact in found.items() if isinstance(fact, Fact)}


def _entries(rows: Sequence[tuple[Any, ...]], causes: dict[int, Fact], known_at: Instant) -> list[Entry]:
    """Of each step the row believed last, and where its rows first leave a gap."""
    shown: dict[Identity, Placed] = {}
    until: dict[Identity, Instant | None] = {}
    gone: dict[Identity, Instant] = {}
    for since, ended, *said in rows:
        one = _placed(said, causes)
        before = until.get(one.identity)
        if before is not None and before < since:
            gone.setdefault(one.identity, before)
        shown[one.identity] = one
        until[one.identity] = ended
    over = {identity: ended for identity, ended in until.items() if ended is not None and ended <= known_at}
    gone = over | gone
    steps = sorted(shown.values(), key=lambda one: (one.step.at, one.place))
    return [Entry(one.step, gone.get(one.identity), one.identity not in over) for one in steps]


def _placed(said: Sequence[Any], causes: dict[int, Fact]) -> Placed:
    at, again, place, kind, origin, target, tag, opportunity, position, timer, rule, rulebook = said
    fact = causes.get(position) if position is not None else None
    step = Step(at, kind, Cause(fact, timer, rule, rulebook), origin, target, tag, opportunity)
    return Placed((at, kind, origin, target, tag, opportunity, rule, again), place, step)
