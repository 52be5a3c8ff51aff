"""Partitions are shared among those who live, and pass to others when a lease has ended."""

from collections.abc import Iterator
from uuid import UUID

import psycopg
import pytest

from domain.instants import SECOND
from event_log.connections import Pool
from event_log.leases import Lease, Leases
from event_log.turns import LeaseLost, Tracking, Turns

ONE, OTHER, THIRD = UUID(int=1), UUID(int=2), UUID(int=3)


@pytest.fixture
def owner(database: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with psycopg.connect(database, autocommit=True) as owner:
        yield owner


def it_is(owner: psycopg.Connection[tuple[object, ...]], seconds: int) -> None:
    now = 1_000_000 * SECOND + seconds * SECOND
    owner.execute(
        f"create or replace function instant_now() returns bigint language sql volatile return {now}::bigint".encode()
    )


def partitions(leases: Leases) -> list[int]:
    return [lease.partition for lease in leases.held()]


def advance(pool: Pool, lease: Lease, position: int) -> None:
    with Turns(pool, lease).begun() as turn:
        turn.tracking()
        turn.advance(Tracking(position, 0))


def test_who_is_alone_holds_everything_and_two_share(pool: Pool) -> None:
    one, other = Leases(pool, ONE), Leases(pool, OTHER)
    assert partitions(one) == [0, 1, 2, 3]

    assert partitions(other) == []
    partitions(one)
    partitions(one)

    assert len(partitions(other)) == 2
    assert len(partitions(one)) == 2


def test_who_gives_back_leaves_at_once(pool: Pool) -> None:
    one, other = Leases(pool, ONE), Leases(pool, OTHER)
    partitions(one)

    one.give_back()

    assert partitions(other) == [0, 1, 2, 3]


def test_the_silent_lose_their_leases_when_these_have_ended(
    pool: Pool, owner: psycopg.Connection[tuple[object, ...]]
) -> None:
    it_is(owner, 0)
    partitions(Leases(pool, ONE))

    it_is(owner, 9)
    assert partitions(Leases(pool, OTHER)) == []
    it_is(owner, 11)
    assert partitions(Leases(pool, OTHER)) == [0, 1, 2, 3]


def test_a_turn_prolongs_its_lease(pool: Pool, owner: psycopg.Connection[tuple[object, ...]]) -> None:
    it_is(owner, 0)
    lease, *_ = Leases(pool, ONE).held()

    it_is(owner, 8)
    advance(pool, lease, 1)

    it_is(owner, 12)
    assert partitions(Leases(pool, OTHER)) == [1, 2, 3]


def test_a_clock_that_was_set_back_holds_nothing_for_ever(
    pool: Pool, owner: psycopg.Connection[tuple[object, ...]]
) -> None:
    it_is(owner, 7200)
    partitions(Leases(pool, ONE))

    it_is(owner, 0)

    assert partitions(Leases(pool, OTHER)) == [0, 1, 2, 3]


def test_who_was_overtaken_cannot_write(pool: Pool, owner: psycopg.Connection[tuple[object, ...]]) -> None:
    it_is(owner, 0)
    overtaken, *_ = Leases(pool, ONE).held()
    it_is(owner, 11)
    (own, *_) = Leases(pool, OTHER).held()
    advance(pool, own, 7)

    with pytest.raises(LeaseLost):
        advance(pool, overtaken, 3)

    assert owner.execute("select position from tracking where partition = 0").fetchone() == (7,)


def test_a_partition_that_is_being_written_is_not_waited_for(
    pool: Pool, owner: psycopg.Connection[tuple[object, ...]]
) -> None:
    it_is(owner, 0)
    lease, *_ = Leases(pool, ONE).held()

    with Turns(pool, lease).begun() as turn:
        turn.tracking()
        it_is(owner, 11)

        assert partitions(Leases(pool, OTHER)) == [1, 2, 3]


def test_three_share_what_four_partitions_allow(pool: Pool) -> None:
    every = [Leases(pool, holder) for holder in (ONE, OTHER, THIRD)]
    for _ in range(4):
        held = [partitions(leases) for leases in every]

    assert sorted(number for own in held for number in own) == [0, 1, 2, 3]
    assert max(map(len, held)) == 2
