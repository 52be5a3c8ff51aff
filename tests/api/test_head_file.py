"""head.json: a database that lost what was known to be in it is not served, unless somebody says so by its position."""

from pathlib import Path

import psycopg
import pytest
import structlog

from api.head_file import HeadFile, HeadUnreadable, head_watched
from api.settings import Settings
from api.wiring import Service, service
from domain.refusals import LogWentBack
from event_log.ledger import Head, head_of
from tests.event_log.given import facts, stored
from tests.faults.waiting import seconds_until


def head_in(database: str) -> Head:
    with psycopg.connect(database) as connection:
        return head_of(connection)


def test_it_follows_the_log_while_the_service_runs(wired: Service, database: str, tmp_path: Path) -> None:
    file = HeadFile(tmp_path)
    with head_watched(wired.pool, file, every=0.01):
        stored(wired.log, *facts(3))
        seconds_until(lambda: file.read() == head_in(database))
    stored(wired.log, *facts(1, first=4))
    with head_watched(wired.pool, file, every=60):
        pass

    assert file.read() == head_in(database)
    assert head_in(database).position == 4


@pytest.mark.parametrize(
    ("known", "told"),
    [
        (Head(7, b"7"), "known to reach position 7 and ends at 3: 4 positions are lost"),
        (Head(2, b"2"), "At position 2 stands something else"),
    ],
)
def test_a_log_that_went_back_is_refused_until_somebody_names_the_position(
    wired: Service, database: str, tmp_path: Path, known: Head, told: str
) -> None:
    stored(wired.log, *facts(3))
    HeadFile(tmp_path).write(known)

    for accepted in (None, 3, 6):
        with (
            pytest.raises(LogWentBack, match=told),
            service(Settings(home=tmp_path, accept_older_than=accepted), database),
        ):
            pass
    with service(Settings(home=tmp_path, accept_older_than=known.position), database):
        pass
    with service(Settings(home=tmp_path), database):
        assert HeadFile(tmp_path).read() == head_in(database)


def test_a_log_that_grew_behind_its_back_is_served(wired: Service, database: str, tmp_path: Path) -> None:
    stored(wired.log, *facts(2))
    HeadFile(tmp_path).write(head_in(database))
    stored(wired.log, *facts(2, first=3))

    with service(Settings(home=tmp_path), database) as again:
        assert again.log.reading.head() == 4


def test_what_cannot_be_read_is_not_passed_over(tmp_path: Path) -> None:
    for said in ("", "{}", '{"position": 3}', '{"position": "x", "leaf_hash": ""}'):
        (tmp_path / "head.json").write_text(said, encoding="ascii")
        with pytest.raises(HeadUnreadable):
            HeadFile(tmp_path).read()


def test_a_disk_that_takes_nothing_hurts_nobody(wired: Service, tmp_path: Path) -> None:
    stored(wired.log, *facts(1))

    with structlog.testing.capture_logs() as logged, head_watched(wired.pool, HeadFile(tmp_path / "gone"), every=60):
        pass

    assert [(event["event"], event["kind"]) for event in logged] == [("head not written", "FileNotFoundError")]
