"""Where everyone stands, when that may change next, and when they were where: rows for boards and lists."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from domain.facts import Fact
from domain.history import in_fold_order
from domain.instants import LATEST, Instant
from domain.journey.fold import Folded, fold
from domain.journey.in_force import Version
from domain.journey.seller import seller_of
from domain.journey.steps import Step
from event_log.named_sql import named_queries
from event_log.published import versions_by_journey
from event_log.reading import CustomerFacts
from event_log.state import Publication

_QUERIES = named_queries(Path(__file__).with_suffix(".sql"))

Row = tuple[Any, ...]


class StandingProjection:
    """Tables ``standing`` (one row a journey and customer) and ``stays`` (one row a stay in a stage)."""

    name = "standing"

    def due(self, connection: Connection[TupleRow], until: Instant) -> Iterable[UUID]:
        return [customer for (customer,) in connection.execute(_QUERIES["due"], {"until": until})]

    def forget(self, connection: Connection[TupleRow], customers: Sequence[UUID]) -> None:
        connection.execute(_QUERIES["forget_standing"], {"customers": list(customers)})
        connection.execute(_QUERIES["forget_stays"], {"customers": list(customers)})

    def write(
        self,
        connection: Connection[TupleRow],
        customers: Sequence[CustomerFacts],
        publications: Sequence[Publication],
        until: Instant,
    ) -> Iterable[tuple[UUID, Exception]]:
        journeys = versions_by_journey(publications)
        standing: list[Row] = []
        stays: list[Row] = []
        failed: list[tuple[UUID, Exception]] = []
        for customer in customers:
            try:
                rows = list(_rows(customer, journeys, until))
            except Exception as error:
                # Whatever a fold stumbles on concerns this customer only; the follower parks her.
                failed.append((customer.number, error))
                continue
            standing += [row for row, _ in rows]
            stays += [stay for _, own in rows for stay in own]
        _copy(connection, "copy_standing", standing)
        _copy(connection, "copy_stays", stays)
        return failed


def _rows(
    customer: CustomerFacts, journeys: Mapping[str, Sequence[Version]], until: Instant
) -> Iterator[tuple[Row, list[Row]]]:
    facts = in_fold_order(customer.facts, until)
    ahead = min((fact.occurred_at for fact in in_fold_order(customer.facts, LATEST)[len(facts) :]), default=None)
    for journey, versions in journeys.items():
        folded = fold(facts, versions, until)
        yield _standing(journey, customer.number, facts, folded, ahead), list(_stays(journey, customer.number, folded))


def _standing(journey: str, customer: UUID, facts: Sequence[Fact], folded: Folded, ahead: Instant | None) -> Row:
    standing = folded.standing
    timer = standing.next_timer.at if standing.next_timer is not None else None
    due = min((at for at in (timer, folded.comes, ahead) if at is not None), default=None)
    return journey, customer, standing.stage, standing.since, seller_of(facts), sorted(standing.tags), due


def _stays(journey: str, customer: UUID, folded: Folded) -> Iterator[Row]:
    changes = [step for step in folded.steps if step.kind in ("entered", "moved", "renamed", "left")]
    arrival: Step | None = None
    for step, following in zip(changes, [*changes[1:], None], strict=False):
        # Under its new name the stage is the one that was arrived at before.
        arrival = step if arrival is None or step.kind != "renamed" else arrival
        until = following.at if following is not None else None
        # Of several stages in one instant only the last was one to stand in.
        if step.target is not None and until != step.at:
            cause = {**arrival.cause.as_json(), "kind": arrival.kind}
            yield journey, customer, step.at, until, step.target, arrival.at, Jsonb(cause)


def _copy(connection: Connection[TupleRow], query: str, rows: Sequence[Row]) -> None:
    if rows:
        with connection.cursor() as cursor, cursor.copy(_QUERIES[query]) as copy:
            for row in rows:
                copy.write_row(row)
