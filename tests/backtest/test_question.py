"""What may be asked, and under which versions the history is folded."""

import pytest

from backtest.question import CANDIDATE, IN_FLIGHT, PUBLISHED, SWEPT, Outcome, question_of, runs_of
from backtest.varying import Vary
from domain.instants import DAY, EARLIEST, LATEST, Instant
from domain.journey.in_force import ALWAYS, version
from domain.refusals import NotUnderstood
from domain.rulebook.document import build
from tests.domain.given import card, day, move, on, rules

DOCUMENT = rules(move("A->B", on("x")), opportunities=[card("c", on("x"), open_for="1d")])
BUILT = build(DOCUMENT)
THREE = [version(BUILT), version(BUILT, 2, day(3)), version(BUILT, 3, day(6))]


def in_force(run: int, since: Instant | None) -> list[tuple[int, Instant]]:
    question = question_of(DOCUMENT, BUILT, since, day(9))
    return [(one.number, one.effective_from) for one in runs_of(question, THREE)[run]]


def test_the_candidate_follows_the_versions_up_to_the_start_of_the_period() -> None:
    assert in_force(PUBLISHED, day(3)) == [(1, ALWAYS), (2, day(3)), (3, day(6))]
    assert in_force(CANDIDATE, day(3)) == [(1, ALWAYS), (2, day(3)), (4, day(3))]


def test_since_always_it_takes_the_place_of_all() -> None:
    assert in_force(CANDIDATE, None) == [(4, ALWAYS)]


def test_published_today_it_comes_after_all() -> None:
    assert in_force(IN_FLIGHT, None) == [(1, ALWAYS), (2, day(3)), (3, day(6)), (4, day(9))]


def test_each_value_is_a_run_of_its_own() -> None:
    question = question_of(DOCUMENT, BUILT, day(3), day(9), vary=Vary("opportunities.c.open_for", ("2d", "3d")))

    lengths = [run[-1].rulebook.opportunities[0].open_for for run in runs_of(question, THREE)[SWEPT:]]
    assert lengths == [2 * DAY, 3 * DAY]


@pytest.mark.parametrize(
    ("since", "until", "outcome", "pointer"),
    [
        (day(3), day(2), None, "/to"),
        (None, EARLIEST, None, "/to"),
        (None, LATEST, None, "/to"),
        (None, day(2), Outcome("", DAY), "/outcome"),
        (None, day(2), Outcome("order.paid", 0), "/outcome"),
    ],
)
def test_what_cannot_be_answered_is_refused(
    since: Instant | None, until: Instant, outcome: Outcome | None, pointer: str
) -> None:
    with pytest.raises(NotUnderstood) as refused:
        question_of(DOCUMENT, BUILT, since, until, outcome)
    assert [fault.pointer for fault in refused.value.faults] == [pointer]


def test_a_period_may_be_an_instant() -> None:
    assert question_of(DOCUMENT, BUILT, day(2), day(2)).start == day(2)
