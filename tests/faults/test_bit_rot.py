"""A byte that changed on the disk is found by whoever reads it; nobody is answered from what it became.

One byte in each kind of table; TRAILBOOK_LONG=1: thirty.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from typing import Final

import psycopg
import pytest

from api.embedded_postgres import EmbeddedPostgres
from api.publishing import Draft, first, publish
from api.settings import Settings
from api.wiring import Service, service
from event_log.ledger import walk
from tests.faults.conftest import LONG, RULEBOOK
from tests.faults.senders import a_fact
from tests.following import follow
from tests.projections.fresh import all_rows

TIMES = 30 if LONG else 1

pytestmark = pytest.mark.timeout(120 + 20 * TIMES)

READERS: Final[Mapping[str, Callable[[Service, str], object]]] = {
    "ledger": lambda wired, database: [*walk(wired.pool)],
    "entries": lambda wired, database: [*walk(wired.pool)],
    "standing": lambda wired, database: all_rows(database),
}
"""By table: who reads all of it."""
LARGEST_FILE = """
    select pg_relation_filepath(file) from (
        select relid from pg_partition_tree(%(table)s) union select %(table)s::regclass
    ) as files (file)
    order by pg_relation_size(file) desc limit 1
"""


def test_a_byte_that_changed_on_the_disk_stops_who_reads_it(open_folder: Path, tmp_path: Path) -> None:
    chance = Random(29)
    postgres = EmbeddedPostgres(open_folder / "rotting")
    with a_service(postgres, tmp_path) as wired:
        publish(wired, "j", Draft(RULEBOOK, "first", effective_from=None), by="test", based_on=first)
        wired.log.intake.append([[a_fact(str(turn), turn) for turn in range(120)]])
        follow(wired.pool, wired.log.reading)
        rows = all_rows(postgres.conninfo)
        files = {table: file_of(postgres, table) for table in READERS}

    for table, reader in [*READERS.items()] * TIMES:
        with (
            rotten(files[table], chance),
            pytest.raises(psycopg.errors.DataCorrupted),
            a_service(postgres, tmp_path) as wired,
        ):
            reader(wired, postgres.conninfo)
    with a_service(postgres, tmp_path) as wired:
        assert [*walk(wired.pool)] == [121]
        assert all_rows(postgres.conninfo) == rows


@contextmanager
def a_service(postgres: EmbeddedPostgres, home: Path) -> Iterator[Service]:
    with postgres, service(Settings(home=home), postgres.conninfo) as wired:
        yield wired


def file_of(postgres: EmbeddedPostgres, table: str) -> Path:
    with closing(psycopg.connect(postgres.conninfo)) as owner:
        owner.execute("select set_config('search_path', live_versions() || ', public', false)")
        ((path,),) = owner.execute(LARGEST_FILE, {"table": table})
    return postgres.home / "postgres" / "data" / str(path)


@contextmanager
def rotten(file: Path, chance: Random) -> Iterator[None]:
    """With one bit of one byte turned over."""
    sound = file.read_bytes()
    assert sound
    changed = bytearray(sound)
    changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    file.write_bytes(changed)
    try:
        yield
    finally:
        file.write_bytes(sound)
