"""A backtest under way: parts, progress, cancelling, where the history comes from."""

import pickle
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest

from backtest.engines import local
from backtest.history import ArchivedHistory, FileHistory, History, Known
from backtest.plan import plan_of
from backtest.question import Question, question_of
from backtest.run import Cancelled, Progress, backtest
from batch_fold.columns import Batch
from batch_fold.gathered import columns_of
from batch_fold.record_files import Folder
from batch_fold.segments import write_facts
from batch_fold.splits import Split
from domain.history import in_fold_order
from domain.instants import LATEST
from domain.journey.in_force import version
from domain.rulebook.document import build
from tests.backtest.given import people
from tests.domain.given import day, fact, move, on, rules, x, y

OLD = rules(move("A->B", on("x")))
NEW = rules(move("A->C", on("x")))
PUBLISHED = (version(build(OLD)),)
QUESTION = question_of(NEW, build(NEW), None, day(10))
FACTS = people([x(1)], [y(1)], [x(2)], [y(2), x(4)], [x(3)])


def asked(history: History, said: list[Progress] | None = None, question: Question = QUESTION) -> dict[str, object]:
    hear = (lambda progress: None) if said is None else said.append
    return backtest(question, history, PUBLISHED, local(1), hear, perf_counter).report


def test_it_says_how_far_it_is_after_every_part() -> None:
    said: list[Progress] = []
    asked(FileHistory(FACTS, parts=3), said)

    assert said == [Progress(0, 3, 0), Progress(1, 3, 1), Progress(2, 3, 3), Progress(3, 3, 6)]


def test_who_is_told_may_cancel_it_and_no_further_part_is_begun() -> None:
    class Counting(FileHistory):
        read_parts = 0

        def read(self, part, needs):  # type: ignore[no-untyped-def]
            Counting.read_parts += 1
            return super().read(part, needs)

    def hear(progress: Progress) -> None:
        if progress.done == 1:
            raise Cancelled

    with pytest.raises(Cancelled):
        backtest(QUESTION, Counting(FACTS, parts=5), PUBLISHED, local(1), hear, perf_counter)
    assert Counting.read_parts < 5


def test_what_fails_in_a_part_fails_the_backtest() -> None:
    class Broken(FileHistory):
        def read(self, part, needs):  # type: ignore[no-untyped-def]
            raise OSError("the disk is gone")

    with pytest.raises(OSError, match="gone"):
        asked(Broken(FACTS))


def test_it_tells_what_the_time_was_spent_on_beside_the_report() -> None:
    ticks = iter(range(1_000))
    result = backtest(QUESTION, FileHistory(FACTS), PUBLISHED, local(1), lambda said: None, lambda: float(next(ticks)))

    assert set(result.spent.seconds) == {"reading", "masks", "fold", "report"}
    assert all(seconds > 0 for seconds in result.spent.seconds.values())


def test_a_voided_fact_is_none() -> None:
    wrong = fact("x", 3)
    void = people([wrong, fact("fact.voided", 5, source="s", id="000", reason="no")])

    assert asked(FileHistory(void)) == asked(FileHistory([]))


def test_an_archive_of_the_same_facts_gives_the_same_report(tmp_path: Path) -> None:
    history = ArchivedHistory(archived(Folder.of(str(tmp_path))), Known(6, day(9)))
    of_file, of_archive = asked(FileHistory(FACTS)), asked(history)

    assert of_archive.pop("known") == {"position": 6, "at": "2026-03-09T00:00:00Z"}
    assert of_file.pop("known") is None
    assert of_archive == of_file


def test_an_archive_with_nobody_in_it_gives_a_report(tmp_path: Path) -> None:
    assert asked(ArchivedHistory((), None)) == asked(FileHistory([]))


def test_what_is_sent_to_another_machine_can_be_sent(tmp_path: Path) -> None:
    for history in (FileHistory(FACTS), ArchivedHistory(archived(Folder.of(str(tmp_path))), None)):
        assert asked(pickle.loads(pickle.dumps(history))) == asked(history)


def archived(folder: Folder) -> tuple[Split, ...]:
    """Two splits, of the customers in order."""
    names = sorted({fact.customer for fact in FACTS})
    return tuple(_split(folder, f"split-{number}", some) for number, some in enumerate((names[:2], names[2:])))


def _split(folder: Folder, name: str, customers: list[str]) -> Split:
    histories = [in_fold_order((one for one in FACTS if one.customer == who), LATEST) for who in customers]
    positions = np.array([FACTS.index(one) for history in histories for one in history], np.int64)
    columns = columns_of(histories, plan_of(QUESTION, PUBLISHED).needs)
    numbers = np.array([f"{who:>16}".encode() for who in customers], "S16").view("V16")
    write_facts(folder, name, Batch(columns, numbers, positions, positions))
    return Split(folder, (name,), columns.facts)
