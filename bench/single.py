"""Durable single POSTs, each answered after its commit, against a POST to the same server that stores nothing."""

import json
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Final

from bench.load import Answers, answers, post
from bench.measured import Measured, percentile, ratio
from bench.question import serving
from bench.workbench import Workbench

CLIENTS: Final = 64
REQUESTS: Final = 4000
ROUNDS: Final = 5
WARM_UP: Final = 500
PATH: Final = "/v1/facts"


def measure_single(bench: Workbench, say: Callable[[str], None]) -> list[Measured]:
    single: list[Answers] = []
    noop: list[Answers] = []
    with serving(bench.home, bench.fresh_database()) as client:
        host, port = client.base_url.host, client.base_url.port
        key = client.headers["Authorization"].removeprefix("Bearer ")
        assert port is not None
        one = (post(PATH, key, "application/cloudevents+json", json.dumps(f.event()).encode()) for f in bench.facts)
        # It goes through the door, the check of the key and the reader of facts, and has nothing to store.
        nothing = post(PATH, key, "application/x-ndjson", b"\n")
        answers(host, port, list(islice(one, WARM_UP)), CLIENTS)
        for turn in range(1, ROUNDS + 1):
            say(f"durable single POSTs against a no-op, {CLIENTS} clients, {turn} of {ROUNDS}")
            noop.append(answers(host, port, [nothing] * REQUESTS, CLIENTS))
            single.append(answers(host, port, list(islice(one, REQUESTS)), CLIENTS))
    ours = _rate("single_posts_per_s", "durable single POST, 64 clients", single)
    theirs = _rate("noop_posts_per_s", "no-op POST, 64 clients", noop)
    return [
        ours,
        theirs,
        *_latencies("single", "durable single POST", single),
        *_latencies("noop_post", "no-op POST", noop),
        ratio("single_vs_noop", "single POST / no-op POST", ours, theirs),
    ]


def _rate(key: str, says: str, runs: Sequence[Answers]) -> Measured:
    return Measured(key, says, "requests/s", [run.rate for run in runs])


def _latencies(key: str, says: str, runs: Sequence[Answers]) -> list[Measured]:
    measured = []
    for name, share in (("p50", 0.5), ("p99", 0.99), ("p999", 0.999)):
        times = [percentile(run.latencies, share) * 1000 for run in runs]
        measured.append(Measured(f"{key}_{name}_ms", f"{says}, p{share * 100:g}", "ms", times))
    return measured
