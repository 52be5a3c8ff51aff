"""A log with its follower and board in a world whose clock the test sets: days pass by a statement, not by waiting."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import psycopg
from psycopg.rows import TupleRow

from domain.facts import Fact
from domain.instants import Instant
from domain.journey.in_force import Version
from domain.strict_json import canonical
from event_log.connections import Pool, open_pool
from event_log.follower import PAGE, Follower
from event_log.judging import Stored
from event_log.log import EventLog, open_log
from event_log.published import version_of
from event_log.state import Publication
from projections.board import Board
from projections.journeys import JourneysProjection
from projections.opportunities import Opportunities
from projections.trail import TrailRows
from tests.event_log.given import MASTER_KEY

Document = dict[str, Any]

JOURNEY = "j"
_TABLES = "entries, ledger, customers, customer_keys, tracking, parked, standing, stays, trail, opportunities, sellers"


@dataclass(frozen=True)
class World:
    """``owner`` is a connection that may do everything; the service's own is ``pool``."""

    database: str
    owner: psycopg.Connection[TupleRow]
    pool: Pool
    log: EventLog
    board: Board
    trail: TrailRows
    opportunities: Opportunities

    def it_is(self, now: Instant) -> None:
        """From here on the database's clock shows this instant."""
        statement = (
            f"create or replace function instant_now() returns bigint language sql volatile return {now}::bigint"
        )
        self.owner.execute(statement.encode())

    def learns(self, *facts: Fact) -> int:
        """Facts of one request; returns the position of the last."""
        (outcome,) = self.log.intake.append([facts])
        assert isinstance(outcome, Stored), outcome
        return outcome.position

    def publishes(self, document: Document, effective_from: Instant | None = None) -> int:
        text = canonical(document).decode()
        draft = Publication(JOURNEY, 0, text, "", effective_from, "a test", "a test", 0, 0)
        return self.log.publications.publish(JOURNEY, lambda present, now: draft).position

    def follower(self, page: int = PAGE) -> Follower:
        """One that has just been started."""
        follower = Follower(self.pool, self.log.reading, JourneysProjection(), page)
        follower.begin()
        return follower

    def follows(self, page: int = PAGE) -> None:
        """Everything known and everything due is worked."""
        follower = self.follower(page)
        while follower.step():
            pass

    def versions(self, position: int | None = None, journey: str = JOURNEY) -> list[Version]:
        return [version_of(publication) for publication in self.log.publications.of(journey, position)]

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.owner.execute(query.encode(), values).fetchall()

    def starts_anew(self) -> None:
        """Nothing is known; only a test's owner of the log may do that, and only after ``unlocked``."""
        self.owner.execute(f"truncate {_TABLES}".encode())

    def forgets_rows(self) -> None:
        """Everything derived is thrown away."""
        self.owner.execute("truncate tracking, parked, standing, stays, trail, opportunities, sellers")

    def unlocked(self) -> None:
        """The log's guards sleep, so that a test can damage or empty it."""
        for (table,) in self.rows("select relid::regclass::text from pg_partition_tree('entries')"):
            self.owner.execute(f"alter table {table} disable trigger kept".encode())
        self.owner.execute("alter table ledger disable trigger kept")


@contextmanager
def world_in(database: str) -> Iterator[World]:
    pool = open_pool(database)
    try:
        log = open_log(pool, MASTER_KEY, uuid4, os.urandom, {})
        with psycopg.connect(database, autocommit=True) as owner:
            board, trail = Board(pool, log.reading), TrailRows(pool, log.reading)
            yield World(database, owner, pool, log, board, trail, Opportunities(pool, log.reading))
    finally:
        pool.close()
