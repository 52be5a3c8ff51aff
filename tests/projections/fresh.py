"""What the rows of the standing projection must say, from the log alone and another way than the projection's."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import TupleRow

from domain.history import in_fold_order
from domain.instants import LATEST, Instant
from domain.journey.fold import Folded, fold
from domain.journey.in_force import Version
from domain.journey.seller import seller_of
from event_log.log import EventLog
from event_log.published import versions_by_journey
from event_log.reading import CustomerFacts
from projections.board import Column, Question

_LIVE = b"select set_config('search_path', live_versions() || ', public', false)"

Key = tuple[str, UUID]
"""A journey and a customer."""
Rows = dict[Key, tuple[Any, ...]]
"""By journey and customer: stage, since, staff, tags, when that may change next."""
Stays = dict[Key, list[tuple[Any, ...]]]
"""By journey and customer, in order: from, until, stage, since, seller."""
Cards = dict[str, list[tuple[Any, ...]]]
"""By stage: customer, since, cause, tags, seller."""


def assert_rows_are_a_fresh_fold(database: str, log: EventLog) -> int:
    """Rows and position are of one transaction: the rows are the fold of what tracking says. Returns their number."""
    position, until, rows, stays = rows_and_tracking(database)
    journeys = versions_by_journey(log.reading.publications(position))
    known = customers(log, position)
    fresh: Rows = {}
    for number, customer in known.items():
        for journey, versions in journeys.items():
            fresh[journey, number] = fresh_row(customer, versions, until)
            assert_stays_are_a_fresh_fold(stays.pop((journey, number), []), customer, versions, until)
    assert rows == fresh
    assert stays == {}
    return len(rows)


def customers(log: EventLog, position: int) -> dict[UUID, CustomerFacts]:
    """Everybody whose entries are sound, up to a position."""
    found: dict[UUID, CustomerFacts] = {}
    for numbers in log.reading.everybody(500):
        read = log.reading.customers(numbers, position)
        found |= {number: customer for number, customer in read.items() if isinstance(customer, CustomerFacts)}
    return found


def fold_of(customer: CustomerFacts, versions: Sequence[Version], as_of: Instant) -> Folded:
    return fold(in_fold_order(customer.facts, as_of), versions, as_of)


def fresh_row(customer: CustomerFacts, versions: Sequence[Version], until: Instant) -> tuple[Any, ...]:
    folded = fold_of(customer, versions, until)
    standing = folded.standing
    ahead = [fact.occurred_at for fact in in_fold_order(customer.facts, LATEST) if fact.occurred_at > until]
    timer = [standing.next_timer.at] if standing.next_timer is not None else []
    comes = [folded.comes] if folded.comes is not None else []
    staff = seller_of(in_fold_order(customer.facts, until))
    due = min([*timer, *comes, *ahead], default=None)
    return standing.stage, standing.since, staff, sorted(standing.tags), due


def all_rows(database: str) -> dict[str, list[str]]:
    """Every derived row as text, by table, in an order that does not depend on when it was written."""
    columns = {
        "standing": "standing",
        "stays": "stays",
        "sellers": "sellers",
        "trail": "(to_jsonb(trail) - 'id')",
        "opportunities": "(to_jsonb(opportunities) - 'id')",
    }
    with psycopg.connect(database) as connection:
        connection.execute(_LIVE)
        return {
            table: sorted(row for (row,) in connection.execute(f"select {row}::text from {table}".encode()))
            for table, row in columns.items()
        }


def assert_stays_are_a_fresh_fold(
    stays: list[tuple[Any, ...]], customer: CustomerFacts, versions: Sequence[Version], until: Instant
) -> None:
    """Asked at every instant at which something happened, and just before it, both tell the same stage and since."""
    steps = {step.at for step in fold_of(customer, versions, until).steps}
    given = {fact.occurred_at for fact in customer.facts if fact.occurred_at <= until}
    for at in sorted({until, *(at - before for at in steps | given for before in (0, 1))}):
        there = [told for begins, ends, *told in stays if begins <= at < (ends or at + 1)]
        standing = fold_of(customer, versions, at).standing
        staff = seller_of(in_fold_order(customer.facts, at))
        assert there == ([] if standing.stage is None else [[standing.stage, standing.since, staff]])


def rows_and_tracking(database: str) -> tuple[int, Instant, Rows, Stays]:
    """All of it as one transaction left it: position, worked until, standing and stays."""
    with psycopg.connect(database) as connection:
        connection.execute("set transaction isolation level repeatable read")
        connection.execute(_LIVE)
        position, until = connection.execute("select position, worked_until from progress").fetchone() or (0, 0)
        return position, until, _standing(connection), _stays(connection)


def _standing(connection: psycopg.Connection[TupleRow]) -> Rows:
    found = connection.execute("select journey, customer, stage, since, staff, tags, next_due from standing")
    return {(journey, customer): tuple(rest) for journey, customer, *rest in found}


def _stays(connection: psycopg.Connection[TupleRow]) -> Stays:
    found = connection.execute(
        "select journey, customer, from_at, until_at, stage, since, staff from stays order by 1, 2, 3"
    )
    stays: Stays = {}
    for journey, customer, *rest in found:
        stays.setdefault((journey, customer), []).append(tuple(rest))
    return stays


def cards_of(columns: Iterable[Column]) -> Cards:
    """What a board says."""
    return {
        column.stage: [(card.customer, card.since, card.cause, card.tags, card.staff) for card in column.cards]
        for column in columns
        if column.cards
    }


def fresh_cards(log: EventLog, question: Question) -> Cards:
    """What a board must say; the last to come stands first."""
    found: dict[str, list[tuple[Instant, UUID, Any]]] = {}
    for number, customer in customers(log, question.position).items():
        folded = fold_of(customer, question.versions, question.as_of)
        stage, since = folded.standing.stage, folded.standing.since
        if stage is None or since is None:
            continue
        came = [step for step in folded.steps if step.kind in ("entered", "moved")][-1]
        staff = seller_of(in_fold_order(customer.facts, question.as_of))
        card = customer.subject, since, {**came.cause.as_json(), "kind": came.kind}, sorted(folded.standing.tags), staff
        if question.staff in (None, staff):
            found.setdefault(stage, []).append((since, number, card))
    return {stage: [card for *_, card in sorted(cards, reverse=True)] for stage, cards in found.items()}
