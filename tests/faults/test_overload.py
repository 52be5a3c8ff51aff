"""Two hundred clients and a database that is silent or away: refusals come soon, and afterwards all is as before.

Some seconds of silence; TRAILBOOK_LONG=1: half a minute, and an outage of a minute.
"""

import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.conftest import KEY, LONG
from tests.faults.crowd import Answered, Crowd
from tests.faults.installation import Installation, installed
from tests.faults.storm import rank
from tests.faults.waiting import seconds_until

CLIENTS = 200
REST = 2.0
NORMAL = 1.5
"""Seconds of a time in which nothing happens."""
SILENCE = 30.0 if LONG else 2.5
OUTAGE = 60.0
SETTLED = 3.0
"""Seconds after an outage from which on all must be as before: nobody waits longer than twice what they are told."""
DEADLINE = 2.0
"""Seconds in which everybody is answered (issue 4)."""
POOL = 8
STORED = {200, 201}
"""Already stored: somebody was told that nobody knows, and sent it again."""

pytestmark = pytest.mark.timeout(300 if LONG else 150)


@pytest.fixture(scope="module")
def world(open_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installed(open_folder / "overload", tmp_path_factory.mktemp("overload"), followers=()) as world:
        yield world


def test_a_silent_database_is_said_in_time_and_leaves_no_connection_behind(world: Installation) -> None:
    with crowd(world) as clients:
        time.sleep(NORMAL)
        silent_from = time.monotonic()
        with world.wire.silent():
            time.sleep(SILENCE)
        silent_to = time.monotonic()
        time.sleep(SETTLED + NORMAL)
        over = time.monotonic()

    refused = [answer for answer in clients.between(silent_from, silent_to) if answer.status not in STORED]
    assert {answer.status for answer in refused} == {503}
    assert rank([answer.seconds for answer in refused], 0.99) < DEADLINE
    print(f"silent: {told(clients.between(silent_from, silent_to))}")
    assert {answer.status for answer in clients.between(silent_to + SETTLED, over - 1)} <= STORED
    seconds_until(lambda: 0 < world.wire.connections <= POOL)


@pytest.mark.skipif(not LONG, reason="takes two minutes: `make faults`")
def test_after_an_outage_the_crowd_comes_back_without_a_second_collapse(world: Installation) -> None:
    with crowd(world) as clients:
        begun = time.monotonic()
        time.sleep(NORMAL)
        away = time.monotonic()
        world.kill_postgres(signal.SIGKILL)
        time.sleep(OUTAGE)
        world.postgres.start()
        back = time.monotonic()
        time.sleep(SETTLED + NORMAL)
        over = time.monotonic()

    before = len(clients.between(begun, away)) / (away - begun)
    during = clients.between(away, back)
    after = clients.between(back, over)
    print(f"{before:.0f} requests a second before; {told(during)}; after it {told(after)}")
    assert {answer.status for answer in during} <= {*STORED, 503}
    assert rank([answer.seconds for answer in during], 0.99) < DEADLINE
    # Nobody sends more because of it, neither while it is away nor when it is back.
    assert most_in_a_second(during) < 1.5 * max(before, CLIENTS)
    assert len(after) / (over - back) < 1.5 * before
    assert {answer.status for answer in clients.between(back + SETTLED, over - 1)} <= STORED


@contextmanager
def crowd(world: Installation) -> Iterator[Crowd]:
    """At work from here on; at the end everybody has gone."""
    port = int(world.environment["PORT"])
    clients = Crowd(f"crowd {time.monotonic_ns()}", port, KEY, CLIENTS, REST, ends=time.monotonic() + 3600)
    thread = threading.Thread(target=clients.run)
    thread.start()
    try:
        yield clients
    finally:
        clients.ends = 0.0
        thread.join()


def told(answers: Sequence[Answered]) -> str:
    counts = Counter(answer.status for answer in answers)
    seconds = [answer.seconds for answer in answers]
    return f"{dict(counts)}, p50 {rank(seconds, 0.5):.2f} s, p99 {rank(seconds, 0.99):.2f} s"


def most_in_a_second(answers: Sequence[Answered]) -> int:
    return max(Counter(int(answer.at) for answer in answers).values())
