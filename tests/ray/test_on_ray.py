"""A Ray of two workers on this machine says byte for byte what the threads of one process say."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import pyarrow as pa
import pytest

from backtest.engines import Engine, local
from backtest.history import ArchivedHistory, History, Known
from backtest.run import Cancelled, Progress, Result, backtest
from batch_fold.record_files import Folder
from batch_fold.segments import facts_path
from bench.backtest_rules import candidate, keyword_candidate, published, question
from bench.made_facts import facts_of, made_batch, write_archive
from domain.refusals import ArchiveDamaged
from tests.projections.archived import archive_in
from tests.projections.world import World

ray = pytest.importorskip("ray", reason="Ray is an extra: make test-ray")
SPLITS = 5


@pytest.fixture
def on_ray() -> Engine:
    from backtest.on_ray import ray_engine

    return ray_engine(cores=2)


@pytest.fixture
def archived(tmp_path: Path) -> ArchivedHistory:
    return ArchivedHistory(tuple(write_archive(Folder.of(str(tmp_path)), 20_000, splits=SPLITS)), Known(20_000, 7))


def asked(
    history: History, engine: Engine, document: dict[str, Any], said: Callable[[Progress], None] = lambda _: None
) -> Result:
    return backtest(question(document), history, published(), engine, said, perf_counter)


def written(result: Result) -> tuple[str, bytes]:
    """All that comes of it, as it is kept."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, result.differing.schema) as stream:
        stream.write_table(result.differing)
    return json.dumps(result.report, ensure_ascii=False), sink.getvalue().to_pybytes()


def test_the_report_over_archive_splits_is_the_same_to_the_byte(archived: ArchivedHistory, on_ray: Engine) -> None:
    told: list[Progress] = []

    here = written(asked(archived, local(1), candidate()))
    there = written(asked(archived, on_ray, candidate(), told.append))

    assert json.loads(here[0])["differ"]["customers"] > 0
    assert there == here
    assert [progress.done for progress in told] == [0, 1, 2, 3, 4, 5]
    assert told[-1].facts == 20_000


def test_sealed_texts_are_opened_where_they_are_looked_at(world: World, tmp_path: Path, on_ray: Engine) -> None:
    batch = made_batch(2_000)
    for history in facts_of(batch, range(batch.columns.customers)):
        world.learns(*(_with_text(fact) for fact in history))
    archive = archive_in(world, tmp_path)
    archive.keep_up()
    snapshot = archive.snapshot()
    known = Known(snapshot.position, snapshot.recorded_at)
    history_of_the_log = ArchivedHistory(snapshot.splits, known, archive.keys_of(snapshot))

    here = asked(history_of_the_log, local(1), keyword_candidate())
    there = asked(history_of_the_log, on_ray, keyword_candidate())

    assert any(row["rule"] == "says-wants-call" for row in here.report["differ"]["first"])
    assert written(there) == written(here)


def test_a_damaged_split_is_told_as_it_is_here(archived: ArchivedHistory, on_ray: Engine) -> None:
    gone = archived.splits[3]
    gone.folder.remove(facts_path(gone.names[0]))

    with pytest.raises(ArchiveDamaged):
        asked(archived, on_ray, candidate())
    assert not ray.is_initialized()


def test_it_can_be_cancelled_and_leaves_no_ray_behind(archived: ArchivedHistory, on_ray: Engine) -> None:
    def until_the_second(progress: Progress) -> None:
        if progress.done == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        asked(archived, on_ray, candidate(), until_the_second)
    assert not ray.is_initialized()


def _with_text(fact: Any) -> Any:
    return replace(fact, data={**fact.data, "text": "可以打电话吗"}) if fact.type == "message.received" else fact
