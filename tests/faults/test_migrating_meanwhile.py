"""The schema is brought to a new version while facts are written and somebody reads for long: writers hardly notice.

Quick: a small log; TRAILBOOK_LONG=1: two million entries.
"""

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

import migrations
from api.wiring import Service
from migrations.apply import at_head, migrate
from tests.faults.conftest import LONG, execute
from tests.faults.senders import a_fact

LONGEST_PAUSE = 1.5 if LONG else 1.0
"""Seconds that one append may take."""
ENTRIES = 2_000_000 if LONG else 0
READING = 3.0
"""Seconds of a transaction that reads the log."""
EXPAND = "alter table ledger add column expanded integer; alter table entries add column expanded integer;"
MANY = f"""
    insert into ledger (position, customer, version, recorded_at, leaf_hash)
    select 1000000 + n, gen_random_uuid(), 1, instant_now() + n, '' from generate_series(1, {ENTRIES}) n
"""

pytestmark = pytest.mark.timeout(600 if LONG else 120)


def test_writers_hardly_notice_a_migration_that_meets_a_long_reader(
    wired: Service, database: str, tmp_path: Path
) -> None:
    newer = tmp_path / "newer"
    shutil.copytree(Path(migrations.__file__).parent, newer)
    number = len(migrations_in(newer)) + 1
    (newer / f"{number:04}_expand.sql").write_text(EXPAND, encoding="utf-8")
    if ENTRIES:
        execute(database, MANY)
    pauses: list[float] = []

    with writing(wired, pauses), reading_for_long(database):
        migrate(database, newer)

    assert at_head(database, newer)
    assert len(pauses) > 10
    assert max(pauses) < LONGEST_PAUSE


def migrations_in(folder: Path) -> list[Path]:
    return sorted(folder.glob("[0-9]*.sql"))


@contextmanager
def writing(wired: Service, pauses: list[float]) -> Iterator[None]:
    """Facts go in all the while, and how long each takes is noted."""
    stopping = threading.Event()

    def write() -> None:
        turn = 0
        while not stopping.wait(0.01):
            turn += 1
            begun = time.monotonic()
            wired.log.intake.append([[a_fact(str(turn), turn)]])
            pauses.append(time.monotonic() - begun)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


@contextmanager
def reading_for_long(database: str) -> Iterator[None]:
    """As an export or a backup does."""
    with psycopg.connect(database) as reader:
        reader.execute("select count(*) from ledger")
        reader.execute("select count(*) from entries")
        done = threading.Timer(READING, reader.rollback)
        done.start()
        yield
        done.join()
