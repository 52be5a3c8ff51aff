"""The walk over the ledger: whatever of the log was changed, it says at which position."""

from collections.abc import Iterator

import psycopg
import pytest

from event_log.ledger import EMPTY, Head, LogDamaged, head_of, holds, walk
from tests.event_log.given import facts
from tests.projections.world import World, world_in

DAMAGE = {
    "a changed byte": ("update entries set state = state || ' ' where notification_id = 3", "3 has other bytes"),
    "another leaf": ("update ledger set leaf_hash = sha256(leaf_hash) where position = 3", "3 has other bytes"),
    "another time": ("update entries set recorded_at = recorded_at + 1 where notification_id = 3", "3 is another"),
    "a lost entry": ("delete from entries where notification_id = 3", "3 is missing"),
    "a lost line": ("delete from ledger where position = 3", "3 is missing in the ledger"),
    "a lost end of the ledger": ("delete from ledger where position = 5", "5 is missing in the ledger"),
    "a lost end of the entries": ("delete from entries where notification_id = 5", "5 is missing"),
    "both lost": (
        "with gone as (delete from ledger where position = 3) delete from entries where notification_id = 3",
        "3 is missing in the ledger",
    ),
    "two swapped": (
        "update entries set notification_id = 5 - notification_id where notification_id in (2, 3)",
        "2 is another",
    ),
    "one put in": (
        "insert into entries select originator_id, 99, topic, state, 3, event_id, fact_type, occurred_at, recorded_at "
        "from entries where notification_id = 3",
        "3 has other bytes|4 is missing|3 is another",
    ),
}


@pytest.fixture
def world(database: str) -> Iterator[World]:
    with world_in(database) as world:
        yield world


def test_a_sound_log_is_walked_to_its_end(world: World) -> None:
    world.learns(*facts(3))
    world.learns(*facts(2, first=4))

    assert list(walk(world.pool)) == [5]


@pytest.mark.parametrize("how", DAMAGE)
def test_the_first_difference_is_named(world: World, how: str) -> None:
    statement, named = DAMAGE[how]
    world.learns(*facts(5))
    world.unlocked()

    world.owner.execute(statement.encode())

    with pytest.raises(LogDamaged, match=named):
        list(walk(world.pool))


def test_a_log_holds_its_own_heads_and_no_others(world: World) -> None:
    world.learns(*facts(2))
    then = head_of(world.owner)
    world.learns(*facts(2, first=3))
    now = head_of(world.owner)

    assert (then.position, now.position) == (2, 4)
    assert holds(world.owner, then)
    assert holds(world.owner, now)
    assert holds(world.owner, EMPTY)
    assert not holds(world.owner, Head(5, now.leaf_hash))
    assert not holds(world.owner, Head(4, then.leaf_hash))


def test_where_no_log_was_begun_it_is_empty(postgres: str) -> None:
    with psycopg.connect(postgres, autocommit=True) as connection:
        assert head_of(connection) == EMPTY
        assert not holds(connection, Head(1, b"1"))
