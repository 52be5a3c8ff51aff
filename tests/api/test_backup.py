"""The drill: a backup is taken, proved, found out where it was changed, and put in the place of what was lost."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from api.backups.manifest import Backup, BackupUnfit
from api.cli import app
from api.embedded_postgres import EmbeddedPostgres
from api.head_file import HeadFile
from api.settings import Settings
from api.wiring import Service, service
from domain.refusals import WrongMasterKey
from event_log.ledger import Head
from tests.event_log.given import a_publication, facts, stored


@dataclass(frozen=True)
class Drill:
    """A home with five facts, and a backup that was taken when there were three."""

    home: Path
    backup: Backup


def trailbook(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, arguments, env={"TRAILBOOK_HOME": str(home), "TRAILBOOK_DATABASE_URL": None})


@contextmanager
def running(home: Path) -> Iterator[Service]:
    with EmbeddedPostgres(home) as server, service(Settings(home=home), server.conninfo) as wired:
        yield wired


@pytest.fixture(scope="module")
def drill(open_folder: Path) -> Drill:
    home, folder = open_folder / "drill", open_folder / "backup"
    with running(home) as wired:
        wired.log.publications.publish("course-sales", lambda versions, now: a_publication(document=RULEBOOK))
        stored(wired.log, *facts(2))
        taken = trailbook(home, "backup", str(folder))
        assert taken.exit_code == 0, taken.output
        assert "master.key" in taken.output
        stored(wired.log, *facts(2, first=3))
    return Drill(home, Backup(folder))


RULEBOOK = """
journey: course-sales
stages: [{id: lead, initial: true}, {id: mql}]
moves: [{id: up, from: lead, to: mql, when: {fact: content.clicked, times: {at_least: 2, within: 7d}}}]
"""


def elsewhere(drill: Drill, name: str) -> Path:
    """Another machine, to which the master key was brought by another way."""
    home = drill.home.with_name(name)
    home.mkdir()
    shutil.copy(drill.home / "master.key", home)
    return home


def test_the_backup_holds_everything_but_the_master_key(drill: Drill) -> None:
    key = (drill.home / "master.key").read_bytes()

    assert drill.backup.manifest().position == 3
    assert not any(key in file.read_bytes() for file in drill.backup.folder.rglob("*") if file.is_file())


def test_it_is_proved_without_touching_what_is_there_and_then_restored_on_another_machine(drill: Drill) -> None:
    home = elsewhere(drill, "other-machine")
    folder = str(drill.backup.folder)

    checked = trailbook(home, "restore", folder, "--check")
    assert checked.exit_code == 0, checked.output
    assert "3 entries hashed, 1 keys unwrapped, 1 customers folded" in checked.output
    assert sorted(path.name for path in home.iterdir()) == ["master.key"]

    restored = trailbook(home, "restore", folder)
    assert restored.exit_code == 0, restored.output
    assert "ends at position 3" in restored.output
    with running(home) as wired:
        assert wired.log.reading.head() == 3
        assert [fact.id for fact in wired.log.reading.customer("wmAbc123").facts] == ["1", "2"]
        stored(wired.log, *facts(1, first=9))


def test_an_old_backup_is_refused_until_somebody_names_the_position_it_is_older_than(drill: Drill) -> None:
    folder = str(drill.backup.folder)

    refused = trailbook(drill.home, "restore", folder, "--accept-older-than", "4")
    assert refused.exit_code == 1
    assert "reach position 5 and ends at 3: 2 positions are lost" in refused.output
    assert not list(drill.home.glob("postgres-before-*"))

    accepted = trailbook(drill.home, "restore", folder, "--accept-older-than", "5")
    assert accepted.exit_code == 0, accepted.output
    (aside,) = drill.home.glob("postgres-before-*")
    assert (aside / "data" / "PG_VERSION").exists()
    with running(drill.home) as wired:
        assert wired.log.reading.head() == 3


def test_what_is_known_outside_the_database_counts_where_that_is_gone(drill: Drill) -> None:
    home = elsewhere(drill, "lost-database")
    HeadFile(home).write(Head(9, b"9"))

    refused = trailbook(home, "restore", str(drill.backup.folder))

    assert refused.exit_code == 1
    assert "reach position 9 and ends at 3: 6 positions are lost" in refused.output
    assert "--accept-older-than 9" in refused.output
    assert not (home / "postgres").exists()


def test_it_opens_under_no_other_master_key(drill: Drill) -> None:
    home = drill.home.with_name("without-key")
    home.mkdir()
    refused = trailbook(home, "restore", str(drill.backup.folder), "--check")
    assert refused.exit_code == 1
    assert "master.key" in refused.output

    (home / "master.key").write_bytes(b"another key, of thirty-two bytes")
    refused = trailbook(home, "restore", str(drill.backup.folder))

    assert refused.exit_code == 1
    assert WrongMasterKey.sentence() in refused.output
    assert sorted(path.name for path in home.iterdir()) == ["master.key"]


@pytest.mark.parametrize(
    "pattern",
    [
        "base/*/2*",
        "global/pg_control",
        "pg_wal/0*",
        "backup_manifest",
        "postgresql.auto.conf",
        "pg_xact/*",
        "PG_VERSION",
    ],
)
def test_a_flipped_byte_is_found(drill: Drill, pattern: str) -> None:
    file = max(drill.backup.data.glob(pattern), key=lambda path: path.stat().st_size)
    sound = file.read_bytes()
    flipped = bytearray(sound)
    flipped[len(sound) // 2] ^= 1
    file.write_bytes(flipped)
    try:
        with pytest.raises(BackupUnfit):
            drill.backup.verify()
    finally:
        file.write_bytes(sound)
    drill.backup.verify()


def test_a_flipped_byte_of_what_it_says_of_itself_is_found(drill: Drill) -> None:
    file = drill.backup.folder / "trailbook.json"
    sound = file.read_bytes()
    try:
        for number in range(len(sound)):
            file.write_bytes(sound[:number] + bytes([sound[number] ^ 1]) + sound[number + 1 :])
            with pytest.raises(BackupUnfit):
                drill.backup.manifest()
    finally:
        file.write_bytes(sound)


@pytest.mark.parametrize("change", ["added", "lost"])
def test_a_file_too_many_or_too_few_is_found(drill: Drill, change: str) -> None:
    (there,) = drill.backup.data.glob("pg_wal/0*")
    moved = there.with_name("moved") if change == "added" else drill.backup.folder / "moved"
    (shutil.copy if change == "added" else shutil.move)(there, moved)
    try:
        with pytest.raises(BackupUnfit):
            drill.backup.verify()
    finally:
        moved.replace(there)


def test_a_folder_that_is_not_empty_is_left_alone(drill: Drill) -> None:
    refused = trailbook(drill.home, "backup", str(drill.backup.folder))

    assert refused.exit_code == 1
    assert "not empty" in refused.output


def test_killed_on_the_way_it_leaves_nothing_that_passes_for_a_backup(drill: Drill) -> None:
    folder = drill.home.with_name("killed-backup")
    with EmbeddedPostgres(drill.home):
        process = subprocess.Popen(
            [sys.executable, "-m", "api.cli", "backup", str(folder)],
            env={**os.environ, "TRAILBOOK_HOME": str(drill.home)},
            start_new_session=True,
        )
        while not list(folder.glob("postgres/base/*/*")):
            assert process.poll() is None
            time.sleep(0.002)
        os.killpg(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL

    with pytest.raises(BackupUnfit, match="perhaps it was never finished"):
        Backup(folder).verify()


def test_a_database_that_is_not_ours_is_not_copied(drill: Drill) -> None:
    refused = CliRunner().invoke(app, ["backup", "anywhere"], env={"TRAILBOOK_DATABASE_URL": "dbname=theirs"})

    assert refused.exit_code == 1
    assert "pg_basebackup" in refused.output
