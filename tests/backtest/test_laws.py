"""Laws of backtests over generated worlds: what a report says is what its definition says, however it is worked.

TRAILBOOK_LONG=1 tries twenty times as many.
"""

import json
from time import perf_counter

import pyarrow as pa
from hypothesis import given

from backtest.engines import local
from backtest.history import FileHistory
from backtest.part import reduced
from backtest.plan import plan_of
from backtest.report import report_of
from backtest.run import Result, backtest
from tests.backtest.naive import figures, naive_figures
from tests.backtest.reference_folds import reference_folds
from tests.backtest.worlds import World, boards, worlds
from tests.domain.test_laws import times


def backtested(world: World, parts: int = 1, threads: int = 1) -> Result:
    history = FileHistory(world.facts, parts)
    return backtest(world.question, history, world.published, local(threads), lambda said: None, perf_counter)


@given(worlds())
@times(20)
def test_a_report_is_what_its_definition_says(world: World) -> None:
    assert figures(backtested(world).report) == naive_figures(world.question, world.histories, world.published)


@given(boards())
@times(40)
def test_so_it_is_where_cards_change_hands_and_kinds_and_are_snoozed(world: World) -> None:
    assert figures(backtested(world).report) == naive_figures(world.question, world.histories, world.published)


@given(worlds(customers=5))
@times(10)
def test_it_is_the_same_to_the_byte_for_any_number_of_parts_and_threads(world: World) -> None:
    whole, parted = backtested(world), backtested(world, parts=4, threads=2)

    assert json.dumps(whole.report) == json.dumps(parted.report)
    assert written(whole.differing) == written(parted.differing)


@given(worlds())
@times(10)
def test_the_reference_fold_gives_the_same_figures_as_the_compiled_one(world: World) -> None:
    plan, history = plan_of(world.question, world.published), FileHistory(world.facts)
    batch = history.read(0, plan.needs)
    part = reduced(plan, batch, reference_folds(plan, history, batch))

    assert report_of(plan, part, None) == backtested(world).report


def written(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return bytes(sink.getvalue())
