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
from event_log.follower import PAGE
from event_log.followers import Followers
from event_log.judging import Stored
from event_log.log import EventLog, open_log
from event_log.published import version_of
from event_log.state import Publication
from projections.board import Board
from projections.opportunities import Opportunities
from projections.trail import TrailRows
from tests.event_log.given import MASTER_KEY
from tests.following import followers

Document = dict[str, Any]

JOURNEY = "j"
LIVE = "select set_config('search_path', live_versions() || ', public', false)"
_TABLES = "entries, ledger, customers, customer_keys"


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
            f"create or replace function public.instant_now() returns bigint language sql volatile return {now}::bigint"
        )
        self.owner.execute(statement.encode())

    def learns(self, *facts: Fact) -> int:
        """Facts of one request; returns the position of the last."""
        (outcome,) = self.log.intake.append([facts])
        assert isinstance(outcome, Stored), outcome
        return outcome.position

    def publishes(self, document: Document, effective_from: Instant | None = None, journey: str = JOURNEY) -> int:
        text = canonical(document).decode()
        draft = Publication(journey, 0, text, "", effective_from, "a test", "a test", 0, 0)
        return self.log.publications.publish(journey, lambda present, now: draft).position

    def follower(self, page: int = PAGE) -> Followers:
        """One that has just been started."""
        return followers(self.pool, self.log.reading, page)

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
        # Nobody else may forget what was acknowledged.
        vars(self.pool.witness)["_known"] = None
        self.forgets_rows()

    def forgets_rows(self) -> None:
        """Everything derived is thrown away."""
        self.owner.execute("truncate parked, standing, stays, trail, opportunities, sellers, kept")
        self.owner.execute("update tracking set position = 0, worked_until = 0")

    def builds_anew(self, partitions: int, page: int) -> None:
        """Another version, from nothing, with so many partitions; from then on it answers."""
        ((made,),) = self.rows("select make_journeys(%s)", partitions)
        self.follows(page)
        assert self.rows("select make_live(%s)", made) == [(True,)]
        self.rows(LIVE)

    def unlocked(self) -> None:
        """The log's guards sleep, so that a test can damage or empty it."""
        for (table,) in self.rows("select relid::regclass::text from pg_partition_tree('entries')"):
            self.owner.execute(f"alter table {table} disable trigger kept".encode())
        self.owner.execute("alter table ledger disable trigger kept")


@contextmanager
def world_in(database: str, partitions: int = 1) -> Iterator[World]:
    pool = open_pool(database)
    try:
        with psycopg.connect(database, autocommit=True) as owner:
            owner.execute("select make_live(make_journeys(%s))", [partitions])
        log = open_log(pool, MASTER_KEY, uuid4, os.urandom, {})
        with psycopg.connect(database, autocommit=True) as owner:
            owner.execute(LIVE.encode())
            board, trail = Board(pool, log.reading), TrailRows(pool, log.reading)
            yield World(database, owner, pool, log, board, trail, Opportunities(pool, log.reading))
    finally:
        pool.close()
