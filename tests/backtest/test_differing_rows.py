"""A customer who differs, as it is read: both stages, the step of each side, and the cause in words."""

from backtest.differing_rows import told
from backtest.history import FileHistory
from backtest.question import question_of, runs_of
from domain.journey.in_force import version
from domain.rulebook.document import build
from tests.backtest.given import backtested, people
from tests.domain.given import day, move, on, rules, x, y

OLD = rules(move("*->C", after="4d"), move("A->B", on("y")))
NEW = rules({**move("A->B", on("x")), "id": "sooner"}, move("*->C", after="4d"))


def test_a_row_is_told_with_both_steps_and_why_they_part() -> None:
    customers = [x(2), y(3)]
    result = backtested(OLD, NEW, customers, until=5)
    published = [version(build(OLD))]
    runs = runs_of(question_of(NEW, build(NEW), day(1), day(5)), published)
    history = FileHistory(people(customers))
    (row,) = result.differing.to_pylist()
    said = told(row, "c00", {"published": runs[0], "candidate": runs[1]}, history.facts.__getitem__)

    assert said["published"] == {"stage": "B", "since": "2026-03-03T00:00:00Z"}
    assert said["candidate"] == {"stage": "B", "since": "2026-03-02T00:00:00Z"}
    first = said["first"]
    assert first["side"] == "candidate"
    assert first["candidate"]["cause"] == {
        "fact": {"source": "s", "id": "000", "type": "x"},
        "timer": None,
        "rule": "sooner",
        "rulebook": 2,
    }
    assert first["published"]["cause"]["fact"]["type"] == "y"
    assert first["because"] == {"zh": "发生了 x → 从『A』到『B』", "en": "x happened → moved from A to B"}


def test_a_side_without_a_step_any_more_says_nothing() -> None:
    result = backtested(OLD, rules(move("*->C", after="9d")), [x(1)], until=6)
    (row,) = result.differing.to_pylist()
    said = told(row, None, {"published": [version(build(OLD))], "candidate": []}, lambda position: None)

    assert said["customer"] is None
    assert (said["first"]["side"], said["first"]["candidate"]) == ("published", None)
    assert said["first"]["published"]["cause"]["timer"] == "after"
