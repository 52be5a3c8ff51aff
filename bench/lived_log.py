"""A log of two years as if it had been lived: each made fact recorded by itself, mostly a second after it happened.

It is written into the tables directly, for intake would take days; no leaf is hashed, so nothing can be proved of it.
"""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg import sql
from psycopg.rows import TupleRow

from api.publishing import Draft, first, publish
from bench.backtest_rules import FILE
from bench.made_facts import BEGIN, JOURNEY, SEED, facts_of, made_batch
from bench.workbench import Workbench
from domain.instants import DAY, SECOND, Instant
from event_log.entry import FACT
from event_log.named_sql import named_queries
from event_log.sealing import NONCE, MasterKey
from event_log.state import fact_bytes

_QUERIES: Final = named_queries(Path(__file__).with_suffix(".sql"))
_TYPES: Final = {
    "customers": ("bytea", "uuid", "text"),
    "keys": ("uuid", "uuid", "bytea"),
    "entries": ("uuid", "int8", "text", "bytea", "int8", "uuid", "text", "int8", "int8"),
    "ledger": ("int8", "uuid", "int8", "int8", "bytea"),
}
_NO_LEAF: Final = bytes(32)

Row = tuple[Any, ...]


def lived_log(bench: Workbench, facts: int, late: float, say: Callable[[str], None]) -> str:
    """A database whose clock stands a second after the last fact; a share of the facts came ``late``, by days."""
    say(f"living {facts:,} facts, {late:.1%} late")
    database = bench.fresh_database()
    with bench.service(database) as service, psycopg.connect(database, autocommit=True) as owner:
        _it_is(owner, BEGIN - DAY)
        publish(service, JOURNEY, Draft(FILE.read_text(encoding="utf-8"), "A measurement.", effective_from=None),
                by="bench", based_on=first)  # fmt: skip
        ended = _fill(owner, service.log.master, facts, late)
        _it_is(owner, ended + SECOND)
        owner.execute(_QUERIES["analyze"])
    return database


def _it_is(owner: psycopg.Connection[TupleRow], now: Instant) -> None:
    clock = "create or replace function public.instant_now() returns bigint language sql volatile return {}::bigint"
    owner.execute(sql.SQL(clock).format(sql.Literal(now)))


def _fill(owner: psycopg.Connection[TupleRow], master: MasterKey, facts: int, late: float) -> Instant:
    batch = made_batch(facts, SEED)
    recorded_at, positions = _recorded(batch.columns.at, late)
    customers, keys, entries = [], [], []
    for customer, (begin, end) in enumerate(zip(batch.columns.starts[:-1], batch.columns.starts[1:], strict=True)):
        (own,) = facts_of(batch, [customer])
        number = UUID(bytes=bytes(batch.customers[customer]))
        key = master.new_customer(own[0].customer, number, uuid4(), os.urandom)
        customers.append((master.subject_hash(key.subject), number, key.subject))
        keys.append((number, key.key_id, key.wrapped))
        for version, place in enumerate(np.argsort(positions[begin:end]).tolist(), 1):
            fact, event = own[place], uuid4()
            state = fact_bytes(fact).sealed(key, event, os.urandom(NONCE))
            position, recorded = int(positions[begin + place]), int(recorded_at[begin + place])
            entries.append((number, version, FACT, state, position, event, fact.type, fact.occurred_at, recorded))
    entries.sort(key=lambda entry: entry[4])
    _copy(owner, "customers", customers)
    _copy(owner, "keys", keys)
    _copy(owner, "entries", entries)
    _copy(owner, "ledger", ((entry[4], entry[0], entry[1], entry[8], _NO_LEAF) for entry in entries))
    return int(recorded_at.max())


def _recorded(at: NDArray[np.int64], late: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """When each was recorded, no two at one instant, and its position behind the rulebook's."""
    random = np.random.default_rng(SEED)
    delay = np.where(random.random(len(at)) < late, random.exponential(2 * DAY, len(at)), SECOND)
    wished = at + delay.astype(np.int64)
    order = np.argsort(wished, kind="stable")
    counted = np.arange(len(at))
    recorded_at, positions = np.empty_like(at), np.empty_like(at)
    recorded_at[order] = np.maximum.accumulate(wished[order] - counted) + counted
    positions[order] = counted + 2
    return recorded_at, positions


def _copy(owner: psycopg.Connection[TupleRow], what: str, rows: Iterable[Row]) -> None:
    with owner.cursor().copy(_QUERIES[what]) as copy:
        copy.set_types(_TYPES[what])
        for row in rows:
            copy.write_row(row)
