"""What cannot be applied is parked, with a reason that gives nobody away, and blocks its customer only."""

from collections.abc import Callable

import pytest

from domain.facts import Fact
from domain.history import in_fold_order
from domain.instants import DAY, Instant, instant
from projections.board import Question
from tests.projections.fresh import assert_rows_are_a_fresh_fold, cards_of, fresh_cards
from tests.projections.world import JOURNEY, World

RULES = {
    "journey": JOURNEY,
    "stages": [{"id": "A", "initial": True}, {"id": "B"}],
    "moves": [
        {"id": "up", "from": "A", "to": "B", "when": {"fact": "y"}},
        {"id": "cool", "from": "B", "to": "A", "after": "5d"},
    ],
}
MARCH_1 = instant("2026-03-01T00:00:00Z")


def fact(id: str, customer: str, type: str = "x") -> Fact:
    return Fact("s", id, type, customer, MARCH_1)


@pytest.fixture
def world(world: World) -> World:
    """Two customers, followed; then comes a fact of each."""
    world.it_is(MARCH_1 + DAY)
    world.publishes(RULES)
    world.learns(fact("1", "bad"), fact("2", "good"))
    world.follows()
    world.learns(fact("3", "bad", "y"), fact("4", "good", "y"))
    return world


def damage(world: World) -> Callable[[], None]:
    """Break the seal of her last entry; returns how to mend it."""
    world.unlocked()
    ((sound,),) = world.rows("select state from entries where notification_id = 4")

    def becomes(state: bytes) -> None:
        world.rows("update entries set state = %s where notification_id = 4 returning 1", state)

    becomes(sound.replace(b'"box":"', b'"box":"AAAA', 1))
    return lambda: becomes(sound)


def parked(world: World) -> list[tuple[str, str]]:
    return [
        (str(subject), str(reason))
        for subject, reason in world.rows("select subject, reason from parked join customers using (customer)")
    ]


def stages(world: World) -> dict[str, str | None]:
    return dict(world.rows("select subject, stage from standing join customers using (customer)"))


def test_a_damaged_entry_blocks_its_customer_until_it_is_mended(world: World) -> None:
    mend = damage(world)
    world.follows()

    assert parked(world) == [("bad", "EntryDamaged")]
    assert stages(world) == {"good": "B"}
    assert world.board.worked()[0] == world.log.reading.head()

    world.follows()
    assert parked(world) == [("bad", "EntryDamaged")]

    mend()
    world.follows()

    assert parked(world) == []
    assert stages(world) == {"bad": "B", "good": "B"}
    assert_rows_are_a_fresh_fold(world.database, world.log)


def test_what_came_while_she_was_parked_is_not_lost(world: World) -> None:
    mend = damage(world)
    follower = world.follower()
    follower.step()
    world.learns(fact("5", "bad", "y"), fact("6", "good"))
    world.publishes({**RULES, "stages": [*RULES["stages"], {"id": "C"}]}, MARCH_1)
    follower.step()
    assert stages(world) == {"good": "B"}

    mend()
    world.it_is(MARCH_1 + 6 * DAY)
    world.learns(fact("7", "bad"))
    follower.step()
    assert stages(world).keys() == {"good"}
    world.follower().step()

    assert parked(world) == []
    assert stages(world)["bad"] == "A"
    follower.step()
    assert_rows_are_a_fresh_fold(world.database, world.log)


def test_a_fold_that_stumbles_parks_its_customer_and_says_only_what_kind_of_error_it_was(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("domain.journey.beliefs.in_fold_order", stumbling)
        world.follows()

        assert parked(world) == [("bad", "ZeroDivisionError")]
        assert stages(world) == {"good": "B"}
    world.follows()

    assert parked(world) == []
    assert_rows_are_a_fresh_fold(world.database, world.log)


@pytest.mark.parametrize("position", [3, 5])
@pytest.mark.parametrize("ahead", [0, 30])
def test_the_board_answers_without_whoever_is_parked(
    world: World, position: int, ahead: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("domain.journey.beliefs.in_fold_order", stumbling)
    monkeypatch.setattr("projections.board.in_fold_order", stumbling)
    world.follows()
    _, until = world.board.worked()
    question = Question(JOURNEY, world.versions(), until + ahead * DAY, position)

    found = cards_of(world.board.columns(question, ["A", "B"], 10))

    fresh = fresh_cards(world.log, question)
    assert found == {stage: good for stage, cards in fresh.items() if (good := [c for c in cards if c[0] == "good"])}
    assert found


def stumbling(known: list[Fact], as_of: Instant) -> list[Fact]:
    if any(fact.customer == "bad" for fact in known):
        raise ZeroDivisionError("something a person wrote")
    return in_fold_order(known, as_of)
