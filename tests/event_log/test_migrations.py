"""The schema: applied once each, in order, by any number of processes, and never edited afterwards."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

import migrations.apply
from migrations.apply import SchemaUnfit, at_head, migrate
from tests.event_log.given import rows


@pytest.fixture
def empty_database(postgres: str) -> Iterator[str]:
    name = f"empty_{uuid4().hex}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"create database {name}".encode())
        yield make_conninfo(postgres, dbname=name)
        connection.execute(f"drop database {name} with (force)".encode())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("0001_first.sql", "0002_second.sql"):
        (tmp_path / name).write_text(f"create table t{name[3]} (n integer); insert into t{name[3]} values (1);")
    return tmp_path


def test_eight_processes_at_once_bring_it_to_head(empty_database: str) -> None:
    assert not at_head(empty_database)
    with ThreadPoolExecutor(8) as several:
        for done in [several.submit(migrate, empty_database) for _ in range(8)]:
            done.result()
    assert at_head(empty_database)
    count = len(migrations.apply.migrations())
    assert rows(empty_database, "select count(*) from schema_migrations") == [(count,)]


def test_what_is_missing_is_added_once(empty_database: str, folder: Path) -> None:
    second = (folder / "0002_second.sql").read_text()
    (folder / "0002_second.sql").unlink()
    migrate(empty_database, folder)
    (folder / "0002_second.sql").write_text(second)
    assert not at_head(empty_database, folder)
    migrate(empty_database, folder)
    migrate(empty_database, folder)
    assert rows(empty_database, "select (select count(*) from t1), (select count(*) from t2)") == [(1, 1)]


def test_an_edited_file_is_refused_by_name(empty_database: str, folder: Path) -> None:
    migrate(empty_database, folder)
    (folder / "0001_first.sql").write_text("select 1;")
    with pytest.raises(SchemaUnfit, match=r"0001 \(first\) was changed"):
        migrate(empty_database, folder)
    with pytest.raises(SchemaUnfit):
        at_head(empty_database, folder)


def test_a_database_newer_than_the_code_is_refused(empty_database: str, folder: Path) -> None:
    migrate(empty_database, folder)
    (folder / "0002_second.sql").unlink()
    with pytest.raises(SchemaUnfit, match="newer"):
        migrate(empty_database, folder)


def test_a_file_that_fails_half_way_leaves_nothing(empty_database: str, folder: Path) -> None:
    (folder / "0003_third.sql").write_text("create table t3 (n integer); select 1 / 0;")
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(empty_database, folder)
    assert rows(empty_database, "select to_regclass('t2') is not null, to_regclass('t3') is not null") == [
        (True, False)
    ]
    (folder / "0003_third.sql").write_text("create table t3 (n integer);")
    migrate(empty_database, folder)
    assert at_head(empty_database, folder)


def test_numbers_have_no_holes(folder: Path) -> None:
    shutil.move(folder / "0002_second.sql", folder / "0003_second.sql")
    with pytest.raises(SchemaUnfit, match="numbered"):
        migrations.apply.migrations(folder)


def test_entries_are_partitioned_from_the_first_migration(database: str) -> None:
    assert rows(database, "select count(*) from pg_inherits where inhparent = 'entries'::regclass") == [(8,)]


def test_no_index_on_what_senders_name(database: str) -> None:
    indexed = rows(
        database,
        """select distinct a.attname from pg_index i join pg_attribute a on a.attrelid = i.indrelid
           and a.attnum = any(i.indkey) join pg_class c on c.oid = i.indrelid join pg_type t on t.oid = a.atttypid
           where (c.relname like 'entries%' or c.relname in ('ledger', 'customers', 'customer_keys'))
           and t.typname in ('text', 'varchar')""",
    )
    assert indexed == []
