"""The same stories on a real Postgres: what the simulated server's answers say is what our SQL says.

TRAILBOOK_LONG=1 compares thirty times as many.
"""

import os
from collections.abc import Iterator
from typing import Any, cast

import psycopg
import pytest

from event_log.connections import Pool, open_pool
from tests.simulation.log_table import as_row
from tests.simulation.row_answers import BELIEVED
from tests.simulation.server import Server
from tests.simulation.world import World

SEEDS = range(3 * (30 if os.environ.get("TRAILBOOK_LONG") == "1" else 1))
_CLOCK = """
create table shown (now bigint not null);
insert into shown values (0);
grant select on shown to public;
create or replace function instant_now() returns bigint language sql volatile as 'select now from public.shown'
"""

Tables = dict[str, list[tuple[Any, ...]]]
COLUMNS = {
    "standing": "journey, customer, stage, since, staff, tags, next_due",
    "stays": "journey, customer, from_at, until_at, stage, since, cause, staff",
    "sellers": "customer, staff",
    "kept": "customer, after, version, newest, box",
    **{
        name: ", ".join(("journey, customer", *said, "believed_from, believed_until"))
        for name, said in BELIEVED.items()
    },
}


class ShownClock:
    """Connections to a Postgres that shows the world's clock whenever one is borrowed."""

    def __init__(self, pool: Pool, owner: psycopg.Connection[tuple[Any, ...]]) -> None:
        self._connections = pool.connections
        self._owner = owner
        self.world: World | None = None
        self.max_size = self._connections.max_size

    def getconn(self) -> Any:
        assert self.world is not None
        self._owner.execute("update shown set now = %s", [self.world.now()])
        return self._connections.getconn()

    def putconn(self, connection: Any) -> None:
        self._connections.putconn(connection)


@pytest.fixture
def pool(database: str) -> Iterator[Pool]:
    pool = open_pool(database)
    yield pool
    pool.close()


@pytest.fixture
def owner(database: str) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute(_CLOCK)
        yield owner


@pytest.mark.parametrize("seed", SEEDS)
def test_a_quiet_story_leaves_the_same_rows_on_postgres(
    seed: int, pool: Pool, owner: psycopg.Connection[tuple[Any, ...]]
) -> None:
    simulated = World(seed, quietly=True)
    simulated.live()
    simulated.compare()

    owner.execute("select make_live(make_journeys(%s))", [simulated.story.partitions])
    clock = ShownClock(pool, owner)
    real = clock.world = World(seed, quietly=True, pool=Pool(cast("Any", clock)))
    real.live()

    assert real.told() == simulated.told()
    assert on_postgres(owner) == on_the_simulated(simulated.server)


def on_postgres(owner: psycopg.Connection[tuple[Any, ...]]) -> Tables:
    owner.execute("select set_config('search_path', live_versions() || ', public', false)")
    queries = {
        "entries": "select originator_id, originator_version, topic, state, notification_id, event_id, fact_type,"
        " occurred_at, recorded_at from entries",
        "ledger": "select position, leaf_hash, identity_hash, content_hash from ledger",
        "tracking": "select partition, position, worked_until, epoch, holder, leased_until from tracking"
        " where (projection, version) in (select projection, version from projection_versions where state = 'live')",
        "followers": "select holder, seen_at from followers",
        **{name: f"select {columns} from {name}" for name, columns in COLUMNS.items()},
    }
    return {name: in_order(owner.execute(query.encode()).fetchall()) for name, query in queries.items()}


def on_the_simulated(server: Server) -> Tables:
    written, tables = server.log.written, server.tables
    tracking = ("position", "worked_until", "epoch", "holder", "leased_until")
    found: Tables = {
        "entries": [as_row(one.entry) for one in written],
        "ledger": [(one.entry.position, one.leaf_hash, one.identity_hash, one.content_hash) for one in written],
        "tracking": [(key[2], *(rows[None][name] for name in tracking)) for key, rows in tables["tracking"].items()],  # type: ignore[index]
        "followers": [(holder, rows[None]["seen_at"]) for holder, rows in tables["followers"].items() if rows],
    }
    for name, columns in COLUMNS.items():
        found[name] = [
            tuple({**row, "customer": customer, "after": key}[column] for column in columns.split(", "))
            for customer, rows in tables[name].items()
            for key, row in rows.items()
        ]
    return {name: in_order(rows) for name, rows in found.items()}


def in_order(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(rows, key=repr)
