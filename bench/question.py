"""Where does she stand? over HTTP: `trailbook serve` in a process of its own, each question next to a no-op."""

import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import cycle, islice
from pathlib import Path
from time import monotonic, perf_counter, sleep
from typing import Final

import httpx

from api.publishing import Draft, first, publish
from api.sample_workspace import GROCERY
from api.settings import Settings
from api.worker import follower_pool, work_of
from bench.measured import Measured, percentile, ratio
from bench.workbench import History, Workbench
from event_log.judging import Stored

CUSTOMERS: Final = 250
QUESTIONS: Final = 500
ROUNDS: Final = 3
WARM_UP: Final = 20
PATIENCE: Final = 20.0


def measure_question(bench: Workbench, say: Callable[[str], None]) -> list[Measured]:
    say(f"questions: storing {CUSTOMERS} customers")
    histories = bench.histories(CUSTOMERS)
    database = bench.fresh_database()
    fill(bench, database, histories)
    stage: list[list[float]] = []
    noop: list[list[float]] = []
    with serving(bench.home, database) as client:
        paths = [f"/v1/customers/{history[0].customer}/journeys/{GROCERY}" for history in histories]
        for path in paths[:WARM_UP]:
            milliseconds(client, path)
        for turn in range(1, ROUNDS + 1):
            say(f"the stage question against a no-op, {turn} of {ROUNDS}")
            pairs = [
                (milliseconds(client, path), milliseconds(client, "/livez")) for path in islice(cycle(paths), QUESTIONS)
            ]
            stage.append([asked for asked, _ in pairs])
            noop.append([nothing for _, nothing in pairs])
    stage_p99 = at_share("stage_p99_ms", "stage question over HTTP, p99", stage, 0.99)
    noop_p99 = at_share("noop_p99_ms", "no-op (/livez), p99", noop, 0.99)
    return [
        at_share("stage_p50_ms", "stage question over HTTP, p50", stage, 0.5),
        stage_p99,
        at_share("noop_p50_ms", "no-op (/livez), p50", noop, 0.5),
        noop_p99,
        ratio("stage_p99_vs_noop", "question / no-op, p99", stage_p99, noop_p99),
    ]


def fill(bench: Workbench, database: str, histories: Sequence[History]) -> None:
    """Store the rules of the sample and these customers, and follow all of it as `trailbook work` does."""
    with bench.service(database) as service:
        draft = Draft(bench.rulebook, "A measurement.", effective_from=None)
        publish(service, GROCERY, draft, by="bench", based_on=first)
        for history in histories:
            (outcome,) = service.log.intake.append([history])
            assert isinstance(outcome, Stored), outcome
    with closing(follower_pool(database)) as pool:
        followers = work_of(pool, Settings(home=bench.home)).followers
        while followers.step():
            pass
        followers.give_back()


@contextmanager
def serving(home: Path, database: str) -> Iterator[httpx.Client]:
    """A client with a connection kept alive, and an administrator's key."""
    key = f"tb_{secrets.token_urlsafe(32)}"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "PORT": str(port),
        "TRAILBOOK_ADMIN_KEY": key,
        "TRAILBOOK_DATABASE_URL": database,
        "TRAILBOOK_HOME": str(home),
    }
    command = [sys.executable, "-m", "api.cli", "serve"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    headers = {"Authorization": f"Bearer {key}"}
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, trust_env=False) as client:
            _wait_for(client, process)
            yield client
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _wait_for(client: httpx.Client, process: subprocess.Popen[bytes]) -> None:
    deadline = monotonic() + PATIENCE
    while True:
        try:
            client.get("/readyz").raise_for_status()
        except httpx.ConnectError:
            assert process.poll() is None, "trailbook serve did not start"
            assert monotonic() < deadline, "trailbook serve does not answer"
            sleep(0.05)
        else:
            return


def milliseconds(client: httpx.Client, path: str) -> float:
    begun = perf_counter()
    client.get(path).raise_for_status()
    return (perf_counter() - begun) * 1000


def at_share(key: str, says: str, rounds: Sequence[Sequence[float]], share: float) -> Measured:
    return Measured(key, says, "ms", [percentile(times, share) for times in rounds])
