"""`/metrics`: what the service counts of itself, and how far the rows are as the database says at that moment.

Labels are names of ours: routes, projections, problems. None holds what anybody sent.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psycopg
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from api.access import open_to_all
from api.observed import Answered
from domain.instants import SECOND
from domain.refusals import Unavailable
from event_log.connections import Pool, reading
from event_log.group_commit import Committed, GroupCommit
from event_log.named_sql import named_queries
from event_log.operating import Operating, Status
from event_log.request_queue import RequestQueue

_QUERIES = named_queries(Path(__file__).with_suffix(".sql"))

SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
SIZES: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
COUNTED_TOGETHER: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Names the folder in which several processes behind one door count together; prometheus_client looks for it."""

router = APIRouter(tags=["health"])


class Metrics:
    """The counters of one app, in a registry of its own."""

    def __init__(self, pool: Pool) -> None:
        self.registry = registry = CollectorRegistry()
        self._rows = Rows(pool)
        self._queue: RequestQueue | None = None
        self._requests = Histogram(
            "trailbook_http_request_seconds",
            "From the first byte read to the last byte written.",
            ["route", "method", "status"],
            buckets=SECONDS,
            registry=registry,
        )
        # To look a label up takes longer than to count.
        self._labelled: dict[tuple[str, str, int], Histogram] = {}
        self._refusals = Counter(
            "trailbook_refusals",
            "Requests refused, by the end of the problem's type.",
            ["route", "problem"],
            registry=registry,
        )
        self._stored = Counter("trailbook_facts_stored", "Facts stored.", registry=registry)
        self._queued = Gauge(
            "trailbook_queue_requests",
            "Requests that wait to be stored.",
            multiprocess_mode="livesum",
            registry=registry,
        )
        self._queued_bytes = Gauge(
            "trailbook_queue_bytes", "Bytes that wait to be stored.", multiprocess_mode="livesum", registry=registry
        )
        self._lock = Histogram(
            "trailbook_lock_wait_seconds",
            "Waited for the writers' lock, per commit.",
            buckets=SECONDS,
            registry=registry,
        )
        self._commit = Histogram(
            "trailbook_commit_seconds", "One commit, its wait included.", buckets=SECONDS, registry=registry
        )
        self._together = Histogram(
            "trailbook_commit_requests", "Requests of one commit.", buckets=SIZES, registry=registry
        )
        self._size = Histogram("trailbook_commit_facts", "Facts of one commit.", buckets=SIZES, registry=registry)

    def answered(self, answered: Answered) -> None:
        labels = answered.route, answered.method, answered.status
        seconds = self._labelled.get(labels)
        if seconds is None:
            seconds = self._labelled[labels] = self._requests.labels(*map(str, labels))
        seconds.observe(answered.seconds)
        if answered.refusal is not None:
            self._refusals.labels(answered.route, answered.refusal).inc()

    def watch(self, commit: GroupCommit) -> None:
        """Count its transactions, and what waits in its queue."""
        commit.observe = self._committed
        self._queue = commit.queue

    def text(self) -> bytes:
        """In the format of Prometheus."""
        if self._queue is not None:
            self._queued.set(self._queue.requests)
            self._queued_bytes.set(self._queue.bytes)
        together = os.environ.get(COUNTED_TOGETHER)
        counted = self.registry if together is None else counted_by_all(Path(together))
        asked = CollectorRegistry()
        asked.register(self._rows)
        return generate_latest(counted) + generate_latest(asked)

    def _committed(self, done: Committed) -> None:
        self._stored.inc(done.facts)
        self._lock.observe(done.waited_for_lock)
        self._commit.observe(done.seconds)
        self._together.observe(done.requests)
        self._size.observe(done.facts)


def counted_by_all(folder: Path) -> CollectorRegistry:
    """What all processes counted, also those that have died; what a dead one had in its queue is gone with it."""
    for file in folder.glob("gauge_live*_*.db"):
        process = int(file.stem.rpartition("_")[2])
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            mark_process_dead(process, str(folder))  # type: ignore[no-untyped-call]
    counted = CollectorRegistry()
    MultiProcessCollector(counted, str(folder))  # type: ignore[no-untyped-call]
    return counted


class Rows(Collector):
    """How far the rows are, asked at every scrape; without a database only that it is away."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def collect(self) -> Iterator[Metric]:
        try:
            status, due = Operating(self._pool).status(), self._due()
        except (Unavailable, psycopg.Error):
            yield GaugeMetricFamily("trailbook_database_up", "Whether the database answers.", 0)
            return
        yield GaugeMetricFamily("trailbook_database_up", "Whether the database answers.", 1)
        yield GaugeMetricFamily("trailbook_log_head_position", "Where the log ends.", status.head)
        yield GaugeMetricFamily("trailbook_due", "Rows that time has made old and that wait to be worked.", due)
        yield from _lags(status)

    def _due(self) -> int:
        with reading(self._pool) as connection:
            (count,) = connection.execute(_QUERIES["due"]).fetchone() or (0,)
            return int(count)


def _lags(status: Status) -> Iterator[Metric]:
    parked = GaugeMetricFamily("trailbook_parked", "Customers set aside.", labels=["projection", "version", "state"])
    names = ["projection", "version", "state", "partition"]
    behind = GaugeMetricFamily("trailbook_lag_positions", "Entries not yet in the rows.", labels=names)
    old = GaugeMetricFamily("trailbook_lag_seconds", "How old is what the rows show.", labels=names)
    for version in status.versions:
        if version.state == "kept":
            continue
        own = [version.projection, str(version.version), version.state]
        parked.add_metric(own, version.parked)
        for partition in version.partitions:
            labels = [*own, str(partition.number)]
            behind.add_metric(labels, max(0, status.head - partition.position))
            old.add_metric(labels, max(0.0, (status.now - partition.worked_until) / SECOND))
    yield from (parked, behind, old)


# It describes itself, line by line, in the format of Prometheus.
@router.get("/metrics", include_in_schema=False, dependencies=[Depends(open_to_all)])
def scraped(request: Request) -> Response:
    metrics: Metrics = request.app.state.metrics
    return Response(metrics.text(), media_type=CONTENT_TYPE_PLAIN_0_0_4)
