"""How soon a fact is seen: a service and a worker as processes, a thousand facts a second, every one timed."""

import os
import subprocess
import sys
import threading
from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, perf_counter, sleep
from typing import Final

import httpx
import psycopg

from api.publishing import Draft, first, publish
from api.sample_workspace import GROCERY
from bench.measured import Measured, percentile
from bench.question import serving
from bench.workbench import Workbench
from domain.instants import of_datetime, rfc_3339
from domain.strict_json import canonical
from event_log.judging import Stored

CUSTOMERS: Final = 400
SECONDS: Final = 15
TOGETHER: Final = 20
"""Facts of one request; fifty requests a second."""
RATE: Final = 1000
PATIENCE: Final = 120.0
GLANCE: Final = 0.005

_PROGRESS: Final = b"select position from progress"
_FOLLOWED: Final = b"select position >= (select max(position) from ledger) from progress"
_LIVE: Final = b"select set_config('search_path', live_versions() || ', public', false)"
_LINES: Final = {"Content-Type": "application/x-ndjson"}


def measure_freshness(bench: Workbench, say: Callable[[str], None]) -> list[Measured]:
    say(f"freshness: storing and following {CUSTOMERS} customers")
    database = bench.fresh_database()
    customers = _fill(bench, database)
    with (
        serving(bench.home, database) as client,
        _working(bench.home, database),
        psycopg.connect(database, autocommit=True) as looking,
    ):
        looking.execute(_LIVE)
        _wait_until(lambda: _is_followed(looking))
        say(f"freshness at {RATE} facts a second, {SECONDS} s")
        seen, stopping = _Seen(), threading.Event()
        watcher = threading.Thread(target=seen.watch, args=(looking, stopping))
        watcher.start()
        sent, seconds = _send(client, customers)
        _wait_until(lambda: seen.upto >= sent[-1][0])
        stopping.set()
        watcher.join()
    lateness = [(seen.at(position) - answered) * 1000 for position, answered in sent]
    return [
        Measured(
            "freshness_rate", "facts sent while freshness is measured", "facts/s", [len(sent) * TOGETHER / seconds]
        ),
        Measured("freshness_p50_ms", "from answer to board and day list, p50", "ms", [percentile(lateness, 0.5)]),
        Measured("freshness_p99_ms", "from answer to board and day list, p99", "ms", [percentile(lateness, 0.99)]),
    ]


class _Seen:
    """When the rows first stood for which position: both only grow."""

    def __init__(self) -> None:
        self._positions: list[int] = []
        self._instants: list[float] = []

    @property
    def upto(self) -> int:
        return self._positions[-1] if self._positions else 0

    def watch(self, looking: psycopg.Connection[tuple[int]], stopping: threading.Event) -> None:
        while not stopping.wait(GLANCE):
            row = looking.execute(_PROGRESS).fetchone()
            if row is not None and row[0] > self.upto:
                self._instants.append(perf_counter())
                self._positions.append(row[0])

    def at(self, position: int) -> float:
        return self._instants[bisect_left(self._positions, position)]


def _fill(bench: Workbench, database: str) -> list[str]:
    histories = bench.histories(CUSTOMERS)
    with bench.service(database) as service:
        draft = Draft(bench.rulebook, "A measurement.", effective_from=None)
        publish(service, GROCERY, draft, by="bench", based_on=first)
        for history in histories:
            (outcome,) = service.log.intake.append([history])
            assert isinstance(outcome, Stored), outcome
    return [history[0].customer for history in histories]


def _send(client: httpx.Client, customers: list[str]) -> tuple[list[tuple[int, float]], float]:
    """Requests at an even rate; of each the highest position, and when it was answered."""
    sent = []
    begun = perf_counter()
    for number in range(RATE * SECONDS // TOGETHER):
        sleep(max(0.0, begun + number * TOGETHER / RATE - perf_counter()))
        now = rfc_3339(of_datetime(datetime.now(UTC)))
        events = (
            _event(f"{number}-{n}", customers[(number * TOGETHER + n) % len(customers)], now) for n in range(TOGETHER)
        )
        answer = client.post("/v1/facts", content=b"\n".join(events), headers=_LINES)
        sent.append((answer.raise_for_status().json()["position"], perf_counter()))
    return sent, perf_counter() - begun


def _event(id: str, customer: str, time: str) -> bytes:
    event = {"specversion": "1.0", "id": id, "source": "bench", "type": "order.paid", "subject": customer, "time": time}
    return canonical({**event, "data": {"amount": 12.5}})


@contextmanager
def _working(home: Path, database: str) -> Iterator[None]:
    environment = {**os.environ, "TRAILBOOK_DATABASE_URL": database, "TRAILBOOK_HOME": str(home)}
    process = subprocess.Popen([sys.executable, "-m", "api.cli", "work"], env=environment, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _is_followed(looking: psycopg.Connection[tuple[int]]) -> bool:
    row = looking.execute(_FOLLOWED).fetchone()
    return row is not None and bool(row[0])


def _wait_until(reached: Callable[[], bool]) -> None:
    deadline = monotonic() + PATIENCE
    while not reached():
        assert monotonic() < deadline, "the worker does not follow"
        sleep(GLANCE)
