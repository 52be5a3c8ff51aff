"""Durable intake against the floor: the very bytes it stored, put into equal tables by binary COPY."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from time import perf_counter

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow

from bench.measured import Measured, ratio
from bench.workbench import Workbench
from domain.facts import Fact
from event_log.judging import Stored
from event_log.log import EventLog
from event_log.named_sql import named_queries

REQUEST = 1000
"""Facts of one request, and so of one transaction; COPY commits as often."""
REQUESTS = 20
ROUNDS = 3

_QUERIES = named_queries(Path(__file__).with_suffix(".sql"))


def measure_ingest(bench: Workbench, say: Callable[[str], None]) -> list[Measured]:
    taken: list[float] = []
    copied: list[float] = []
    for turn in range(1, ROUNDS + 1):
        say(f"intake against COPY, {turn} of {ROUNDS}")
        database = bench.fresh_database()
        with bench.service(database) as service:
            taken.append(_intake_rate(service.log, list(_requests(bench.facts))))
        copied.append(_copy_rate(database))
    ours = Measured("ingest_facts_per_s", "durable intake, requests of 1,000 facts", "facts/s", taken)
    floor = Measured("copy_rows_per_s", "binary COPY of the same rows, entries and ledger", "facts/s", copied)
    return [ours, floor, ratio("ingest_vs_copy", "intake / COPY", ours, floor)]


def _requests(facts: Sequence[Fact]) -> Iterator[Sequence[Fact]]:
    for start in islice(range(0, len(facts), REQUEST), REQUESTS):
        yield facts[start : start + REQUEST]


def _intake_rate(log: EventLog, requests: Sequence[Sequence[Fact]]) -> float:
    begun = perf_counter()
    for request in requests:
        (outcome,) = log.intake.append([request])
        assert isinstance(outcome, Stored), outcome
        assert outcome.accepted == len(request)
    return sum(map(len, requests)) / (perf_counter() - begun)


def _copy_rate(database: str) -> float:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(_QUERIES["make_equal_tables"])
        assert _one(connection, "indexes", schema="copied") == _one(connection, "indexes", schema="public")
        spans = [
            (_out(connection, "entries_out", first), _out(connection, "ledger_out", first))
            for first in range(0, REQUEST * REQUESTS, REQUEST)
        ]
        begun = perf_counter()
        for entries, ledger in spans:
            with connection.transaction():
                _in(connection, "entries_in", entries)
                _in(connection, "ledger_in", ledger)
        seconds = perf_counter() - begun
        assert _one(connection, "rows") == REQUEST * REQUESTS
    return REQUEST * REQUESTS / seconds


def _out(connection: Connection[TupleRow], query: str, after: int) -> bytes:
    with connection.cursor().copy(_QUERIES[query], {"after": after, "last": after + REQUEST}) as copy:
        return b"".join(map(bytes, copy))


def _in(connection: Connection[TupleRow], query: str, rows: bytes) -> None:
    with connection.cursor().copy(_QUERIES[query]) as copy:
        copy.write(rows)


def _one(connection: Connection[TupleRow], query: str, **values: object) -> object:
    row = connection.execute(_QUERIES[query], values or None).fetchone()
    return row[0] if row is not None else None
