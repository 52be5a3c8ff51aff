"""What follows from a customer's facts on every journey: her stage, her trail, her opportunities, whose she is."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from msgspec.json import encode
from psycopg import Connection
from psycopg.rows import TupleRow

from domain.history import in_fold_order
from domain.instants import Instant
from domain.journey.beliefs import Belief, belief, changes, spans
from domain.journey.in_force import Version
from domain.journey.seller import seller_of
from event_log.named_sql import named_queries
from event_log.published import versions_by_journey
from event_log.reading import CustomerFacts
from event_log.state import Publication
from projections import opportunities, trail
from projections.believed import Believed, Key
from projections.opportunities import said_of_opportunities
from projections.standing import Row, standing_row, stay_rows
from projections.trail import said_of_steps

_QUERIES = named_queries(Path(__file__).with_suffix(".sql"))

Versions = Mapping[str, Sequence[Version]]
"""By journey."""


@dataclass(frozen=True, slots=True)
class _Worked:
    """How far the rows are: what was known then, and when each customer may change next."""

    position: int
    versions: Versions
    due: Mapping[UUID, Instant | None]


@dataclass(frozen=True, slots=True)
class _Followed:
    """What follows for the rows of one customer on one journey."""

    standing: Row
    stays: list[Row]
    steps: Believed
    spells: Believed


class JourneysProjection:
    """Tables ``standing``, ``stays``, ``trail``, ``opportunities`` and ``sellers``: one follower, one position."""

    name = "journeys"

    def due(self, connection: Connection[TupleRow], until: Instant) -> Iterable[UUID]:
        return [customer for (customer,) in connection.execute(_QUERIES["due"], {"until": until})]

    def forget(self, connection: Connection[TupleRow], customers: Sequence[UUID]) -> None:
        if customers:
            for query in ("forget_standing", "forget_stays", "forget_sellers"):
                connection.execute(_QUERIES[query], {"customers": list(customers)})
            for queries in (trail.QUERIES, opportunities.QUERIES):
                connection.execute(queries["forget"], {"customers": list(customers)})

    def write(
        self,
        connection: Connection[TupleRow],
        customers: Sequence[CustomerFacts],
        publications: Sequence[Publication],
        known: int,
        until: Instant,
    ) -> Iterable[tuple[UUID, Exception]]:
        # Nothing is derived of who was erased; what her erasure carries stands in the log.
        self.forget(connection, [customer.number for customer in customers if customer.erased])
        customers = [customer for customer in customers if not customer.erased]
        versions = versions_by_journey(publications)
        numbers = [customer.number for customer in customers]
        before = versions_by_journey(found for found in publications if found.position <= known)
        due = connection.execute(_QUERIES["next_due"], {"customers": numbers}).fetchall()
        worked = _Worked(known, before, dict(due))
        steps = trail.TABLE.kept(connection, numbers)
        spells = opportunities.TABLE.kept(connection, numbers)
        followed: dict[Key, _Followed] = {}
        sellers: list[Row] = []
        failed: list[tuple[UUID, Exception]] = []
        for customer in customers:
            try:
                own = dict(_followed(customer, versions, worked, until, steps, spells))
                staff = _seller(customer, own, until)
            except Exception as error:
                # Whatever a fold stumbles on concerns this customer only; the follower parks her.
                failed.append((customer.number, error))
                continue
            followed |= own
            sellers += [{"customer": customer.number, "staff": staff}] if staff is not None else []
        _write(connection, followed)
        connection.execute(_QUERIES["forget_sellers"], {"customers": numbers})
        _add(connection, "add_sellers", sellers)
        return failed


def _followed(
    customer: CustomerFacts,
    journeys: Versions,
    worked: _Worked,
    until: Instant,
    steps: Mapping[Key, Believed],
    spells: Mapping[Key, Believed],
) -> Iterator[tuple[Key, _Followed]]:
    for journey, versions in journeys.items():
        key = journey, customer.number
        newest: Belief | None = None
        for newest in _new_beliefs(customer, versions, worked.versions.get(journey, ()), worked, until):
            steps[key].believe(newest.since, said_of_steps(newest.folded.steps))
            spells[key].believe(newest.since, said_of_opportunities(newest, journey))
        if newest is not None:
            standing = standing_row(*key, customer.facts, newest)
            yield key, _Followed(standing, list(stay_rows(*key, newest)), steps[key], spells[key])


def _new_beliefs(
    customer: CustomerFacts,
    versions: Sequence[Version],
    before: Sequence[Version],
    worked: _Worked,
    until: Instant,
) -> Iterator[Belief]:
    """The beliefs that the rows do not hold yet; first the last that they hold, if time made something of it."""
    seen = [fact for fact in customer.facts if (fact.position or 0) <= worked.position]
    held = changes(seen, before, until) if before else []
    new = changes(customer.facts, versions, until)[len(held) :]
    due = worked.due.get(customer.number)
    last = held[-1:] if due is not None and due < (new[0] if new else until + 1) else []
    for since, end in spans([*last, *new], until):
        yield belief(customer.facts, versions, since, end)


def _seller(customer: CustomerFacts, followed: Mapping[Key, _Followed], until: Instant) -> str | None:
    """The same on every journey; asked of the facts where nothing was folded."""
    for one in followed.values():
        staff: str | None = one.standing["staff"]
        return staff
    return seller_of(in_fold_order(customer.facts, until))


def _write(connection: Connection[TupleRow], followed: Mapping[Key, _Followed]) -> None:
    if not followed:
        return
    journeys, customers = zip(*followed, strict=True)
    for query in ("drop_standing", "drop_stays"):
        connection.execute(_QUERIES[query], {"journeys": list(journeys), "customers": list(customers)})
    _add(connection, "add_standing", [one.standing for one in followed.values()])
    _add(connection, "add_stays", [row for one in followed.values() for row in one.stays])
    trail.TABLE.write(connection, {key: one.steps for key, one in followed.items()})
    opportunities.TABLE.write(connection, {key: one.spells for key, one in followed.items()})


def _add(connection: Connection[TupleRow], query: str, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        connection.execute(_QUERIES[query], {"rows": encode(rows).decode()})
