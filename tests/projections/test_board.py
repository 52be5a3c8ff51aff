"""The board beside a follower that never stands still, its pages, its sellers, and its counts for the parked."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from psycopg import Connection, Cursor
from psycopg.rows import TupleRow

from domain.facts import Fact
from domain.instants import DAY, instant
from event_log.connections import Pool, snapshot
from event_log.followers import Followers
from projections import board as boards
from projections.board import Column, Question
from tests.projections.fresh import Cards, cards_of, fresh_cards
from tests.projections.world import JOURNEY, World

RULES = {
    "journey": JOURNEY,
    "stages": [{"id": "A", "initial": True}, {"id": "B"}],
    "moves": [{"id": "up", "from": "A", "to": "B", "when": {"fact": "y"}}],
}
STAGES = ("A", "B")
MARCH_1 = instant("2026-03-01T00:00:00Z")


class Overtaken:
    """A connection beside which a follower makes a step after every query."""

    def __init__(self, connection: Connection[TupleRow], follower: Followers) -> None:
        self._connection = connection
        self._follower = follower

    def execute(self, *query: Any) -> Cursor[TupleRow]:
        answer = self._connection.execute(*query)
        self._follower.step()
        return answer


def fact(id: str, customer: str, day: int = 1, type: str = "x", staff: str | None = None) -> Fact:
    data = {} if staff is None else {"staff": staff}
    return Fact("s", id, type, customer, MARCH_1 + (day - 1) * DAY, data=data)


def asked(world: World, *, day: int | None = None, staff: str | None = None) -> Question:
    """What the rows stand for now, or as of a day of March."""
    position, until = world.board.worked()
    as_of = until if day is None else MARCH_1 + (day - 1) * DAY
    return Question(JOURNEY, world.versions(position), as_of, position, staff)


def answered(world: World, question: Question, limit: int = 100) -> list[Column]:
    return world.board.columns(question, STAGES, limit)


def test_a_follower_that_goes_on_between_two_queries_changes_no_answer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.publishes(RULES)
    world.learns(*(fact(f"x{n}", f"c{n}") for n in range(8)))
    world.follows()
    question = asked(world)
    world.learns(*(fact(f"y{n}", f"c{n}", day=2, type="y") for n in range(8)))
    follower = world.follower(page=1)

    @contextmanager
    def overtaken(pool: Pool) -> Iterator[Overtaken]:
        with snapshot(pool) as connection:
            yield Overtaken(connection, follower)

    monkeypatch.setattr(boards, "snapshot", overtaken)
    columns = answered(world, question)

    assert cards_of(columns) == fresh_cards(world.log, question)
    assert [column.count for column in columns] == [8, 0]
    assert world.board.worked()[0] > question.position


def test_a_publication_that_came_after_the_position_is_not_known_there(world: World) -> None:
    world.publishes(RULES)
    world.learns(fact("1", "c1"), fact("2", "c2", type="y"))
    world.follows()
    before = asked(world)
    renamed = {**RULES, "stages": [{"id": "A", "initial": True}, {"id": "C"}], "renames": {"B": "C"}, "moves": []}
    world.publishes(renamed, MARCH_1)
    world.follows()

    assert cards_of(answered(world, before)) == fresh_cards(world.log, before)
    assert [column.count for column in answered(world, before)] == [1, 1]


@pytest.mark.parametrize("folded", [0, 5, 10])
def test_the_pages_of_a_column_are_the_column(world: World, folded: int) -> None:
    """Whether all are answered by rows, half by rows and half by a fold, or all by a fold."""
    world.publishes(RULES)
    world.learns(*(fact(str(n), f"c{n}", day=n // 3 + 1) for n in range(10)))
    world.follows()
    position = world.log.reading.head()
    world.learns(*(fact(f"late{n}", f"c{n}", day=n // 3 + 1, type="y") for n in range(folded)), fact("new", "new"))
    world.follows()
    question = replace(asked(world), position=position)

    (whole, _) = answered(world, question)
    pages = [world.board.page(question, "A", None, 3)]
    while pages[-1].more is not None:
        pages.append(world.board.page(question, "A", pages[-1].more, 3))

    assert [len(page.cards) for page in pages] == [3, 3, 3, 1]
    assert [card for page in pages for card in page.cards] == whole.cards


@pytest.mark.parametrize("ahead", [0, 400])
def test_a_seller_sees_her_own(world: World, ahead: int) -> None:
    world.publishes(RULES)
    world.learns(
        *(fact(f"x{n}", f"c{n}") for n in range(6)),
        *(fact(f"s{n}", f"c{n}", type="staff.assigned", staff=f"s{n % 2}") for n in range(6)),
    )
    world.follows()
    question = asked(world, staff="s1")
    question = replace(question, as_of=question.as_of + ahead * DAY)

    assert cards_of(answered(world, question)) == fresh_cards(world.log, question)
    assert [column.count for column in answered(world, question)] == [3, 0]


def test_an_empty_log_has_an_empty_board(world: World) -> None:
    columns: Cards = cards_of(answered(world, Question(JOURNEY, [], MARCH_1, 0)))

    assert columns == {}
