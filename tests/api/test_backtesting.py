"""Backtests run by processes: seen through, cancelled, killed, and given back when the worker stops."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from uuid import UUID, uuid4

import pytest

from api.backtesting import backtests_run, run_next
from api.kept_backtests import KeptBacktests
from event_log.connections import Pool, open_pool, reading
from tests.api.test_kept_backtests import NOBODY, REPORT, asked, state


@pytest.fixture(scope="module")
def pool(database_for_all: str) -> Iterator[Pool]:
    opened = open_pool(database_for_all, size=3)
    yield opened
    opened.close()


@pytest.fixture
def kept(pool: Pool) -> KeptBacktests:
    with reading(pool) as connection:
        connection.execute("delete from backtests")
    return KeptBacktests(pool)


class Processes:
    """Starts processes of a few lines each in the place of backtests, and knows them."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.started: list[subprocess.Popen[bytes]] = []
        self.runners: list[UUID] = []

    def __call__(self, id: UUID, runner: UUID) -> "subprocess.Popen[bytes]":
        self.runners.append(runner)
        self.started.append(subprocess.Popen([sys.executable, "-S", "-c", self.code]))
        return self.started[-1]


RUNS, DIES = "import time; time.sleep(60)", "import os; os.kill(os.getpid(), 9)"


def wait_for(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_nothing_waits_nothing_is_started(kept: KeptBacktests) -> None:
    start = Processes(DIES)

    assert not run_next(kept, start, threading.Event())
    assert start.started == []


def test_one_whose_process_dies_is_run_once_more_and_then_has_failed(kept: KeptBacktests) -> None:
    id, start = asked(kept), Processes(DIES)

    assert run_next(kept, start, threading.Event())
    assert state(kept, id) == "queued"
    assert run_next(kept, start, threading.Event())
    assert (state(kept, id), len(start.started)) == ("failed", 2)
    assert not run_next(kept, start, threading.Event())


def test_one_whose_process_cannot_be_started_fails_too(kept: KeptBacktests) -> None:
    def start(id: UUID, runner: UUID) -> "subprocess.Popen[bytes]":
        raise MemoryError

    id = asked(kept)
    for _ in range(2):
        with pytest.raises(MemoryError):
            run_next(kept, start, threading.Event())
    assert state(kept, id) == "failed"


def test_cancelled_while_it_is_run_its_process_is_ended_at_once(kept: KeptBacktests) -> None:
    id, next_one, start = asked(kept), asked(kept), Processes(RUNS)
    with backtests_run(kept, start):
        wait_for(lambda: len(start.started) == 1)
        kept.end(id)
        wait_for(lambda: start.started[0].poll() is not None)
        wait_for(lambda: state(kept, next_one) == "running")
    assert state(kept, id) == "cancelled"


def test_when_the_worker_stops_its_process_ends_and_another_worker_goes_on(kept: KeptBacktests) -> None:
    id, start = asked(kept), Processes(RUNS)
    for _ in range(3):
        with backtests_run(kept, start):
            wait_for(lambda: state(kept, id) == "running")
        assert start.started[-1].poll() is not None
        assert state(kept, id) == "queued"


def test_what_is_done_is_left_alone(kept: KeptBacktests) -> None:
    id, start = asked(kept), Processes(RUNS)
    with backtests_run(kept, start):
        wait_for(lambda: len(start.runners) == 1)
        kept.finish(id, start.runners[0], REPORT, NOBODY)
        wait_for(lambda: start.started[0].poll() is not None)
    assert state(kept, id) == "done"


def test_each_worker_runs_one_of_its_own(kept: KeptBacktests) -> None:
    ids, start = [asked(kept), asked(kept), asked(kept)], Processes(RUNS)
    with backtests_run(kept, start), backtests_run(kept, start):
        wait_for(lambda: len(start.started) == 2)
        assert sorted(state(kept, id) for id in ids) == ["queued", "running", "running"]
    assert kept.take(uuid4()) == ids[0]
