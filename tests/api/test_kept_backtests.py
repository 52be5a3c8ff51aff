"""Backtests in the database: who runs one, what happens when that one dies, and what is kept of it."""

import json
from collections.abc import Callable, Iterator
from uuid import UUID, uuid4

import psycopg
import pyarrow as pa
import pytest

from api.kept_backtests import KeptBacktests, NoLongerOurs, Wanted
from domain.refusals import AnotherBacktestAsked, BacktestsWaiting, UnknownBacktest
from event_log.connections import Pool, open_pool, reading
from projections.archive_manifest import Manifests
from tests.api.backtest_example import example_report

NOBODY = pa.table({"customer": pa.array([], pa.binary(16))})
REPORT = example_report(customers=2_000, days=10)


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


ASKED = {"candidate": "0" * 64, "from": None, "to": "2026-03-01T00:00:00Z", "outcome": None, "vary": None}


def wanted(document: str = "journey: j", journey: str = "j") -> Wanted:
    return Wanted(uuid4(), journey, ASKED, document, "zhang", document.encode())


def asked(kept: KeptBacktests, journey: str = "j") -> UUID:
    return kept.ask(wanted(journey=journey), None)[0].id


def taken(kept: KeptBacktests) -> tuple[UUID, UUID]:
    runner = uuid4()
    id = kept.take(runner)
    assert id is not None
    return id, runner


def silent(database: str) -> None:
    """Whoever runs was last heard of at the beginning of time."""
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute("update backtests set beat_at = 0 where state = 'running'")


def state(kept: KeptBacktests, id: UUID) -> str:
    return kept.one(id).state


def test_the_one_that_waited_longest_is_taken_and_by_one_runner_only(kept: KeptBacktests) -> None:
    first, second = asked(kept), asked(kept)

    assert [taken(kept)[0], taken(kept)[0], kept.take(uuid4())] == [first, second, None]


def test_a_report_is_read_back_byte_for_byte_and_so_are_those_who_differ(kept: KeptBacktests) -> None:
    asked(kept)
    id, runner = taken(kept)
    differing = pa.table({"customer": pa.array([n.to_bytes(16, "big") for n in range(25_000)], pa.binary(16))})
    kept.finish(id, runner, REPORT, differing)

    found = kept.one(id)
    differ = REPORT["differ"]
    assert (found.state, found.headline) == ("done", {"differ": differ["customers"], "elsewhere": differ["elsewhere"]})
    assert json.dumps(found.report, ensure_ascii=False) == json.dumps(REPORT, ensure_ascii=False)
    assert [(first, part.num_rows) for first, part in kept.differing(id, 0)] == [
        (0, 10_000),
        (10_000, 10_000),
        (20_000, 5_000),
    ]
    assert [first for first, _ in kept.differing(id, 19_999)] == [10_000, 20_000]
    assert pa.concat_tables(part for _, part in kept.differing(id, 0)).equals(differing)


def test_how_far_it_is_can_be_read_while_it_is_run(kept: KeptBacktests) -> None:
    asked(kept)
    id, runner = taken(kept)
    kept.say(id, runner, {"done": 3, "of": 8, "said": "folding"})

    assert kept.one(id).progress == {"done": 3, "of": 8, "said": "folding"}
    assert kept.page(None, 10)[0][0].as_json()["progress"] == {"done": 3, "of": 8, "said": "folding"}


def test_who_runs_a_cancelled_one_hears_of_it_with_the_next_word_and_keeps_nothing(kept: KeptBacktests) -> None:
    waiting = asked(kept)
    kept.end(waiting)
    assert (state(kept, waiting), kept.take(uuid4())) == ("cancelled", None)

    asked(kept)
    id, runner = taken(kept)
    kept.end(id)
    words: list[Callable[[], None]] = [
        lambda: kept.say(id, runner, {}),
        lambda: kept.beat(id, runner),
        lambda: kept.fail(id, runner, "no"),
        lambda: kept.finish(id, runner, REPORT, NOBODY),
    ]
    for word in words:
        with pytest.raises(NoLongerOurs):
            word()
    assert (state(kept, id), kept.one(id).report) == ("cancelled", None)


def test_ended_once_more_it_is_removed(kept: KeptBacktests) -> None:
    asked(kept)
    id, runner = taken(kept)
    kept.finish(id, runner, REPORT, pa.table({"customer": pa.array([b"0" * 16], pa.binary(16))}))
    kept.end(id)

    with pytest.raises(UnknownBacktest):
        kept.one(id)
    with pytest.raises(UnknownBacktest):
        kept.end(id)
    assert [*kept.differing(id, 0)] == []


def test_one_whose_runner_is_silent_is_run_once_more_and_then_has_failed(
    kept: KeptBacktests, database_for_all: str
) -> None:
    id = asked(kept)
    _, first = taken(kept)
    assert kept.take(uuid4()) is None, "the runner was heard of a moment ago"
    silent(database_for_all)

    again, second = taken(kept)
    assert again == id
    with pytest.raises(NoLongerOurs):
        kept.finish(id, first, REPORT, NOBODY)

    silent(database_for_all)
    assert kept.take(uuid4()) is None
    assert state(kept, id) == "failed"
    assert "twice" in (kept.one(id).failure or "")
    with pytest.raises(NoLongerOurs):
        kept.beat(id, second)


def test_one_whose_runner_was_told_to_stop_waits_again_as_often_as_need_be(kept: KeptBacktests) -> None:
    asked(kept)
    for _ in range(4):
        id, runner = taken(kept)
        kept.give_back(id, runner)
        assert state(kept, id) == "queued"


def test_only_the_newest_that_ended_are_kept(kept: KeptBacktests, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.kept_backtests.KEPT", 3)
    waiting = asked(kept)
    kept.take(uuid4())
    ids = []
    for _ in range(5):
        ids.append(asked(kept))
        id, runner = taken(kept)
        kept.finish(id, runner, REPORT, NOBODY)

    assert [one.id for one in kept.page(None, 10)[0]] == [*reversed(ids[2:]), waiting]


def test_the_list_goes_on_behind_a_place_and_is_of_one_journey_where_asked(kept: KeptBacktests) -> None:
    ids = [asked(kept, "k" if n % 2 else "j") for n in range(5)]

    first, more = kept.page(None, 2)
    second, end = kept.page(more, 10)
    assert [one.id for one in (*first, *second)] == ids[::-1]
    assert end is None
    assert [one.id for one in kept.page(None, 10, "k")[0]] == [ids[3], ids[1]]


def test_the_same_under_one_key_is_asked_once_and_another_is_refused(kept: KeptBacktests) -> None:
    first, new = kept.ask(wanted("journey: j"), "once")
    again, new_again = kept.ask(wanted("journey: j"), "once")

    assert (first.id, new, new_again) == (again.id, True, False)
    with pytest.raises(AnotherBacktestAsked):
        kept.ask(wanted("journey: other"), "once")


def test_no_more_than_so_many_wait(kept: KeptBacktests, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.kept_backtests.MOST_WAITING", 2)
    first = asked(kept)
    asked(kept)
    with pytest.raises(BacktestsWaiting):
        asked(kept)

    kept.end(first)
    asked(kept)


def test_a_backtest_can_be_asked_for_while_the_archive_is_kept(kept: KeptBacktests, pool: Pool) -> None:
    with Manifests(pool).alone():
        assert state(kept, asked(kept)) == "queued"
