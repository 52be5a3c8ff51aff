"""Several processes behind one door: the dead are replaced, all stop together, and none outlives the one that began."""

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from api.embedded_postgres import PostgresUnfit
from api.kept_postgres import kept_postgres
from api.wiring import Service
from tests.faults.conftest import KEY, LONG, address_of, environment_of
from tests.faults.ledger import Ledger, assert_nothing_lost_or_doubled
from tests.faults.processes import children, is_alive, running
from tests.faults.senders import sending
from tests.faults.test_stopping import answers
from tests.faults.waiting import seconds_until

KILLS = 40 if LONG else 4
STARTS = 5 if LONG else 1
AT_ONCE = 8 if LONG else 4
WORKERS = 3

pytestmark = [
    pytest.mark.timeout(900 if LONG else 120),
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds child processes in /proc"),
]


def is_ready(environment: dict[str, str]) -> bool:
    return answers(f"{address_of(environment)}/readyz")


def serving(parent: subprocess.Popen[bytes]) -> list[int]:
    return [pid for pid in children(parent.pid) if is_alive(pid)]


def test_those_that_are_killed_are_replaced_and_nothing_is_lost(
    environment: dict[str, str], wired: Service, ledger: Ledger
) -> None:
    with (
        running(f"serve --workers {WORKERS}", environment) as parent,
        sending(address_of(environment), KEY, ledger, pace=0.03),
    ):
        for turn in range(KILLS):
            seconds_until(ledger.has_grown(by=10))
            seconds_until(lambda: len(serving(parent)) == WORKERS)
            os.kill(serving(parent)[turn % WORKERS], signal.SIGKILL)
        seconds_until(lambda: len(serving(parent)) == WORKERS)
        beside = serving(parent)
        parent.terminate()
        stopped = seconds_until(lambda: parent.poll() is not None)

    print(f"stopped within {stopped:.1f} s; {assert_nothing_lost_or_doubled(ledger, wired.log)}")
    assert parent.returncode == 0
    assert not any(map(is_alive, beside))


def test_when_the_first_is_killed_none_is_left_behind(environment: dict[str, str]) -> None:
    with running(f"serve --workers {WORKERS}", environment) as parent:
        seconds_until(lambda: len(serving(parent)) == WORKERS and is_ready(environment), within=60)
        beside = serving(parent)
        parent.kill()
        parent.wait()

        seconds_until(lambda: not any(map(is_alive, beside)))

    assert not is_ready(environment)


@pytest.fixture
def empty_database(postgres: str) -> Iterator[str]:
    name = f"empty_{uuid4().hex}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"create database {name}".encode())
        yield make_conninfo(postgres, dbname=name)
        connection.execute(f"drop database {name} with (force)".encode())


@pytest.mark.parametrize("turn", range(STARTS))
def test_all_that_start_at_once_on_an_empty_database_come_up(empty_database: str, tmp_path: Path, turn: int) -> None:
    environments = [environment_of(empty_database, tmp_path) for _ in range(AT_ONCE)]
    with ExitStack() as running_all:
        services = [running_all.enter_context(running("serve", environment)) for environment in environments]
        workers = [running_all.enter_context(running("work", environments[0])) for _ in range(2)]
        for environment in environments:
            seconds_until(partial(is_ready, environment), within=60)
            headers = {"Authorization": f"Bearer {KEY}"}
            assert httpx.get(f"{address_of(environment)}/v1/me", headers=headers, timeout=10).status_code == 200
        assert [process.poll() for process in (*services, *workers)] == [None] * (AT_ONCE + 2)


@contextmanager
def everything(home: Path) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, str]]]:
    environment = environment_of("", home)
    del environment["TRAILBOOK_DATABASE_URL"]
    with running("serve --all", environment) as parent:
        seconds_until(partial(is_ready, environment), within=60)
        yield parent, environment


def test_the_embedded_postgres_is_started_again_when_it_dies(open_folder: Path, ledger: Ledger) -> None:
    home = open_folder / "its-postgres-dies"
    with everything(home) as (parent, environment), sending(address_of(environment), KEY, ledger, pace=0.03):
        for death in (signal.SIGKILL, signal.SIGQUIT):
            seconds_until(ledger.has_grown(by=10))
            kill_postgres(home, death)
            taken = seconds_until(ledger.has_grown(by=10))
            print(f"acknowledged again {taken:.1f} s after {death.name}")
    assert parent.returncode == 0


def test_one_that_cannot_be_started_again_is_told_and_what_runs_on_it_is_interrupted(open_folder: Path) -> None:
    home, said = open_folder / "its-postgres-breaks", list[str]()

    def run() -> None:
        with kept_postgres(home, said.append, patience=0.1):
            (home / "postgres" / "data" / "PG_VERSION").write_text("17\n", encoding="ascii")
            kill_postgres(home, signal.SIGKILL)
            threading.Event().wait(60)

    with pytest.raises(PostgresUnfit, match="data of Postgres 17"):
        run()
    assert said == ["Postgres has ended by itself; starting it again ..."]


def kill_postgres(home: Path, death: signal.Signals) -> None:
    os.kill(int((home / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[0]), death)
