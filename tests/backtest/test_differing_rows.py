"""A customer who differs, as it is read: the step of each side, which comes first, and its cause in words."""

from backtest.differing_rows import first_side, step_of
from backtest.history import FileHistory
from backtest.question import question_of, runs_of
from domain.journey.in_force import version
from domain.journey.sentences import sentence
from domain.rulebook.document import build
from tests.backtest.given import backtested, people
from tests.domain.given import day, move, on, rules, x, y

OLD = rules(move("*->C", after="4d"), move("A->B", on("y")))
NEW = rules({**move("A->B", on("x")), "id": "sooner"}, move("*->C", after="4d"))


def test_a_row_has_both_steps_and_says_why_they_part() -> None:
    customers = [x(2), y(3)]
    result = backtested(OLD, NEW, customers, until=5)
    runs = runs_of(question_of(NEW, build(NEW), day(1), day(5)), [version(build(OLD))])
    facts = FileHistory(people(customers)).facts
    (row,) = result.differing.to_pylist()
    published = step_of(row, "published", facts[row["published_fact"]])
    candidate = step_of(row, "candidate", facts[row["candidate_fact"]])

    assert (row["published_stage"], row["published_since"]) == ("B", day(3))
    assert (row["candidate_stage"], row["candidate_since"]) == ("B", day(2))
    assert first_side(row) == "candidate"
    assert candidate is not None
    assert candidate.cause.as_json() == {
        "fact": {"source": "s", "id": "000", "type": "x"},
        "timer": None,
        "rule": "sooner",
        "rulebook": 2,
    }
    assert published is not None
    assert published.cause.fact is not None
    assert published.cause.fact.type == "y"
    said = sentence(candidate, runs[1])
    assert (said.zh, said.en) == ("发生了 x → 从『A』到『B』", "x happened → moved from A to B")


def test_a_side_without_a_step_any_more_says_nothing() -> None:
    result = backtested(OLD, rules(move("*->C", after="9d")), [x(1)], until=6)
    (row,) = result.differing.to_pylist()
    published = step_of(row, "published", None)

    assert (first_side(row), step_of(row, "candidate", None)) == ("published", None)
    assert published is not None
    assert published.cause.timer == "after"
