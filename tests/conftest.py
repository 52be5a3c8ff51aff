"""A real Postgres for the tests: one server a session, one migrated template, one clone of it a test."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from api.embedded_postgres import MAJOR, EmbeddedPostgres
from migrations.apply import migrate

# Their words fail as readably as a test of its own.
pytest.register_assert_rewrite("tests.domain.given", "tests.projections.fresh")


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """A folder that the account Postgres runs under may enter; pytest's own are closed to it."""
    with tempfile.TemporaryDirectory(prefix="trailbook-test-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="session")
def postgres(open_folder: Path) -> Iterator[str]:
    """The conninfo of a server: ``TRAILBOOK_TEST_DATABASE_URL``, or one of our own without fsync.

    ``TRAILBOOK_TEST_POSTGRES`` names the folder of another release than the embedded one, as Debian installs it:
    ``/usr/lib/postgresql/15``.
    """
    given = os.environ.get("TRAILBOOK_TEST_DATABASE_URL")
    if given:
        yield given
        return
    another = os.environ.get("TRAILBOOK_TEST_POSTGRES")
    programs = Path(another) if another else None
    major = programs.name if programs else MAJOR
    with EmbeddedPostgres(open_folder / "session", durable=False, programs=programs, major=major) as server:
        yield server.conninfo


@pytest.fixture(scope="session")
def template(postgres: str) -> Iterator[str]:
    """The name of a migrated database that nobody is connected to."""
    name = f"template_{uuid4().hex}"
    _on_server(postgres, f"create database {name}")
    migrate(make_conninfo(postgres, dbname=name))
    yield name
    _on_server(postgres, f"drop database {name} with (force)")


@pytest.fixture
def database(postgres: str, template: str) -> Iterator[str]:
    """The conninfo of a fresh, migrated database."""
    name = f"test_{uuid4().hex}"
    _on_server(postgres, f"create database {name} template {template}")
    yield make_conninfo(postgres, dbname=name)
    _on_server(postgres, f"drop database {name} with (force)")


def _on_server(conninfo: str, statement: str) -> None:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(statement.encode())
