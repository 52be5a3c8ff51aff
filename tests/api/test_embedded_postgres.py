"""The embedded server: it keeps data, comes back after any death, and lets only one in."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from api import embedded_postgres
from api.embedded_postgres import AlreadyRunning, EmbeddedPostgres, PostgresUnfit

KILLED_WHILE_RUNNING = """
import os, signal, sys
from pathlib import Path
from api.embedded_postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
import psycopg
with psycopg.connect(server.start(), autocommit=True) as connection:
    connection.execute("create table kept as select 1 as one")
os.kill(os.getpid(), signal.SIGKILL)
"""


def kept(conninfo: str) -> object:
    with psycopg.connect(conninfo) as connection:
        return connection.execute("select one from kept").fetchone()


def test_a_second_start_finds_the_data(open_folder: Path) -> None:
    home = open_folder / "second-start"
    with EmbeddedPostgres(home) as server, psycopg.connect(server.conninfo, autocommit=True) as connection:
        connection.execute("create table kept as select 1 as one")

    with EmbeddedPostgres(home) as server:
        assert kept(server.conninfo) == (1,)


def test_it_comes_back_when_trailbook_was_killed_and_its_server_lives_on(open_folder: Path) -> None:
    home = open_folder / "orphan"
    done = subprocess.run([sys.executable, "-c", KILLED_WHILE_RUNNING, str(home)], check=False)
    assert done.returncode == -signal.SIGKILL

    with EmbeddedPostgres(home) as server:
        assert kept(server.conninfo) == (1,)


def test_it_comes_back_when_everything_was_killed(open_folder: Path) -> None:
    home = open_folder / "all-killed"
    subprocess.run([sys.executable, "-c", KILLED_WHILE_RUNNING, str(home)], check=False)
    postmaster = int((home / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[0])
    os.killpg(os.getpgid(postmaster), signal.SIGKILL)

    with EmbeddedPostgres(home) as server:
        assert kept(server.conninfo) == (1,)


def test_the_second_start_on_one_folder_is_told_who_has_it(open_folder: Path) -> None:
    home = open_folder / "taken"
    with EmbeddedPostgres(home), pytest.raises(AlreadyRunning, match=f"process {os.getpid()}"):
        EmbeddedPostgres(home).start()


def test_data_of_another_major_is_refused_in_a_sentence(open_folder: Path) -> None:
    home = open_folder / "old"
    with EmbeddedPostgres(home):
        pass
    (home / "postgres" / "data" / "PG_VERSION").write_text("17\n", encoding="ascii")

    with pytest.raises(PostgresUnfit, match="data of Postgres 17"):
        EmbeddedPostgres(home).start()


def test_a_recovery_may_take_longer_than_a_start(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server, real = EmbeddedPostgres(open_folder / "recovering"), psycopg.connect
    recovering = [psycopg.OperationalError("FATAL:  the database system is not yet accepting connections")] * 5
    clock = 0

    def connect(*arguments: Any, **options: Any) -> psycopg.Connection[Any]:
        nonlocal clock
        if recovering:
            clock += 20
            raise recovering.pop()
        return real(*arguments, **options)

    monkeypatch.setattr(psycopg, "connect", connect)
    monkeypatch.setattr(embedded_postgres, "time", SimpleNamespace(monotonic=lambda: clock, sleep=time.sleep))
    with server:
        assert clock == 100


def test_only_the_owner_may_enter_the_data_and_the_password(open_folder: Path) -> None:
    home = open_folder / "closed"
    with EmbeddedPostgres(home):
        folder = home / "postgres"
        assert [path.stat().st_mode & 0o077 for path in (folder, folder / "data", folder / "password")] == [0, 0, 0]


def test_without_the_password_nobody_comes_in(open_folder: Path) -> None:
    with EmbeddedPostgres(open_folder / "scram") as server:
        guess = server.conninfo.replace("password=", "password=x")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(guess)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_an_ordinary_user_can_start_it(open_folder: Path) -> None:
    home = open_folder / "ordinary"
    home.mkdir()
    os.chown(home, 65534, 65534)

    # A fork, since the interpreter itself may lie in a folder that is closed to others.
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            with EmbeddedPostgres(home) as server, psycopg.connect(server.conninfo) as connection:
                os._exit(0 if connection.execute("select 1").fetchone() == (1,) else 1)
        finally:
            os._exit(2)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    with EmbeddedPostgres(home):
        pass
