"""Durable intake against the floor, the very bytes it stored put into equal tables by COPY, and against the library."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from time import perf_counter

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow

from bench.measured import Measured, ratio
from bench.replay import Household, stock_library
from bench.workbench import Workbench
from domain.envelope import read_fact
from domain.facts import Fact
from domain.instants import rfc_3339
from domain.strict_json import parse
from event_log.committing import in_turn
from event_log.judging import Stored
from event_log.log import EventLog
from event_log.named_sql import named_queries

REQUEST = 1000
"""Facts of one request, and so of one transaction; COPY commits as often."""
REQUESTS = 20
SAVES = 1000
"""Facts that the library saves, one a transaction."""
ROUNDS = 3

_QUERIES = named_queries(Path(__file__).with_suffix(".sql"))


def measure_ingest(bench: Workbench, say: Callable[[str], None]) -> list[Measured]:
    facts = bench.facts[: REQUEST * REQUESTS]
    lines = [json.dumps(fact.event(), ensure_ascii=False).encode() for fact in facts]
    ours: list[float] = []
    from_json: list[float] = []
    copied: list[float] = []
    library: list[float] = []
    for turn in range(1, ROUNDS + 1):
        say(f"intake against COPY and against the library, {turn} of {ROUNDS}")
        database = bench.fresh_database()
        with bench.service(database) as service:
            ours.append(_intake_rate(service.log, _requests(facts)))
        copied.append(_copy_rate(database))
        with bench.service(bench.fresh_database()) as service:
            from_json.append(_intake_rate(service.log, _read(lines)))
        library.append(_library_rate(bench.fresh_database(), facts[:SAVES]))
    intake = Measured("ingest_facts_per_s", "durable intake, requests of 1,000 facts", "facts/s", ours)
    whole = Measured("ingest_json_facts_per_s", "the same from JSON lines", "facts/s", from_json)
    floor = Measured("copy_rows_per_s", "binary COPY of the same rows, entries and ledger", "facts/s", copied)
    theirs = Measured("library_saves_per_s", "the library: Application.save, fact by fact", "facts/s", library)
    return [
        intake,
        whole,
        floor,
        ratio("ingest_vs_copy", "intake / COPY", intake, floor),
        ratio("ingest_json_vs_copy", "intake from JSON / COPY", whole, floor),
        theirs,
        ratio("ingest_vs_library", "intake / library", intake, theirs),
    ]


def _requests(facts: Sequence[Fact]) -> Iterator[Sequence[Fact]]:
    for start in range(0, len(facts), REQUEST):
        yield facts[start : start + REQUEST]


def _read(lines: Sequence[bytes]) -> Iterator[Sequence[Fact]]:
    for start in range(0, len(lines), REQUEST):
        read = [read_fact(parse(line)) for line in lines[start : start + REQUEST]]
        yield [fact for fact in read if isinstance(fact, Fact)]


def _intake_rate(log: EventLog, requests: Iterable[Sequence[Fact]]) -> float:
    begun = perf_counter()
    stored = 0
    for outcome in in_turn(log.intake, requests):
        assert isinstance(outcome, Stored), outcome
        assert outcome.accepted == REQUEST
        stored += outcome.accepted
    assert stored == REQUEST * REQUESTS
    return stored / (perf_counter() - begun)


def _library_rate(database: str, facts: Sequence[Fact]) -> float:
    """The stock aggregates stay in memory, so that each fact costs an event and ``save``, and nothing is read."""
    library = stock_library(database)
    households: dict[str, Household] = defaultdict(Household)
    begun = perf_counter()
    for fact in facts:
        household = households[fact.customer]
        household.record(fact.source, fact.id, fact.type, rfc_3339(fact.occurred_at), dict(fact.data))
        library.save(household)
    seconds = perf_counter() - begun
    library.close()
    return len(facts) / seconds


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
