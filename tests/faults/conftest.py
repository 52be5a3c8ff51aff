"""A service under attack: the environment of its processes, and an inside view of its log."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg
import pytest

from api.publishing import Draft, first, publish
from api.settings import Settings
from api.wiring import Service, service
from tests.faults.ledger import Ledger
from tests.faults.processes import free_port

KEY = "tb_" + "f" * 40
RULEBOOK = """
journey: j
stages: [{id: A, initial: true}, {id: B}, {id: C}]
enter: {when: {fact: [x, y]}}
tags: [{id: hot, when: {fact: x}, add: hot, expires: 3d}]
moves:
  - {id: up, from: A, to: B, when: {fact: y, times: {at_least: 2, within: 7d}}}
  - {id: cool, from: B, to: C, after: 2d, since: {last: [x, y]}}
  - {id: back, from: C, to: A, when: {fact: z}}
opportunities:
  - {id: ask, kind: call, when: {fact: x}, open_for: 1d, closes: {when: {fact: y}}}
"""
LONG = os.environ.get("TRAILBOOK_LONG") == "1"
"""Set by `make faults`."""


@pytest.fixture
def environment(database: str, tmp_path: Path) -> dict[str, str]:
    return environment_of(database, tmp_path)


def environment_of(database: str, home: Path) -> dict[str, str]:
    return {
        **os.environ,
        "TRAILBOOK_DATABASE_URL": database,
        "TRAILBOOK_HOME": str(home),
        "TRAILBOOK_ADMIN_KEY": KEY,
        "TRAILBOOK_SAMPLE": "none",
        "PORT": str(free_port()),
    }


def address_of(environment: Mapping[str, str]) -> str:
    return f"http://127.0.0.1:{environment['PORT']}"


@pytest.fixture
def wired(database: str, tmp_path: Path) -> Iterator[Service]:
    """The same log as that of the processes, with a rulebook.

    The projection has one partition, so that all its rows are of one position at any moment.
    """
    with service(Settings(home=tmp_path), database) as wired:
        execute(database, "select make_live(make_journeys(1))")
        publish(wired, "j", Draft(RULEBOOK, "first", effective_from=None), by="test", based_on=first)
        yield wired


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "ledger.ndjson")
    yield ledger
    ledger.close()


def leases_end(database: str) -> None:
    """Of followers that were killed, without the wait."""
    execute(database, "delete from followers")
    execute(database, "update tracking set leased_until = 0")


def execute(database: str, statement: str) -> None:
    """As the owner of the database."""
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute(statement.encode())
