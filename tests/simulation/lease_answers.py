"""What the queries of followers yield and do: leases, turns and those who are parked."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import event_log
from domain.instants import Duration, Instant
from tests.simulation.log_answers import queries
from tests.simulation.server import Answer, Row, Transaction

Values = Mapping[str, Any]
Partition = tuple[str, int, int]
"""Projection, version and number."""


def answers() -> dict[bytes, Answer]:
    """By query."""
    leases, turns = queries(event_log.__file__, "leases"), queries(event_log.__file__, "turns")
    return {
        leases["seen"]: seen,
        leases["forget_silent"]: forget_silent,
        leases["held"]: held,
        leases["take"]: take,
        leases["renew"]: renew,
        leases["surplus"]: surplus,
        leases["give_back"]: give_back,
        leases["leave"]: leave,
        turns["lock"]: lock,
        turns["advance"]: advance,
        turns["waits"]: waits,
        turns["blocked"]: blocked,
        turns["park"]: park,
        turns["release"]: release,
        queries(event_log.__file__, "followers")["try_parked_again"]: lambda transaction, values: [],
    }


def row_of(transaction: Transaction, partition: Partition) -> dict[str, Any]:
    return transaction.view.rows("tracking", partition)[None]


def to_change(transaction: Transaction, partition: Partition) -> dict[str, Any]:
    """The row, which must be locked."""
    assert partition in transaction.held
    return transaction.view.change("tracking", partition)[None]


# -- who lives -----------------------------------------------------------------------------------------------------


def seen(transaction: Transaction, values: Values) -> list[Row]:
    transaction.lock(values["holder"])
    transaction.view.change("followers", values["holder"])[None] = {"seen_at": transaction.server.now()}
    return []


def forget_silent(transaction: Transaction, values: Values) -> list[Row]:
    now = transaction.server.now()
    for holder, rows in [*transaction.view.groups("followers")]:
        if rows and abs(now - rows[None]["seen_at"]) > values["lease"] and transaction.try_lock(holder):
            transaction.view.change("followers", holder).clear()
    return []


def leave(transaction: Transaction, values: Values) -> list[Row]:
    transaction.lock(values["holder"])
    transaction.view.change("followers", values["holder"]).clear()
    return []


# -- leases --------------------------------------------------------------------------------------------------------


def held(transaction: Transaction, values: Values) -> list[Row]:
    found = [*_partitions(transaction)]
    return [(*partition, row["epoch"], len(found)) for partition, row in found if row["holder"] == values["holder"]]


def take(transaction: Transaction, values: Values) -> list[Row]:
    now, lease = transaction.server.now(), values["lease"]
    share, mine = _share(transaction, values["holder"])
    if mine >= share:
        return []
    for partition, row in [*_partitions(transaction)]:
        free = row["holder"] is None or not now <= row["leased_until"] <= now + lease
        if free and row["holder"] != values["holder"] and transaction.try_lock(partition):
            taken = to_change(transaction, partition)
            taken |= {"holder": values["holder"], "epoch": max(row["epoch"] + 1, now), "leased_until": now + lease}
            return [(partition[0],)]
    return []


def renew(transaction: Transaction, values: Values) -> list[Row]:
    for partition, row in [*_partitions(transaction)]:
        if row["holder"] == values["holder"] and transaction.try_lock(partition):
            to_change(transaction, partition)["leased_until"] = transaction.server.now() + values["lease"]
    return []


def surplus(transaction: Transaction, values: Values) -> list[Row]:
    share, mine = _share(transaction, values["holder"])
    if mine <= share:
        return []
    for partition, row in reversed([*_partitions(transaction)]):
        if row["holder"] == values["holder"] and transaction.try_lock(partition):
            to_change(transaction, partition).update(holder=None, leased_until=0)
            return []
    return []


def give_back(transaction: Transaction, values: Values) -> list[Row]:
    for partition, row in [*_partitions(transaction)]:
        if row["holder"] == values["holder"]:
            transaction.lock(partition)
            if row_of(transaction, partition)["holder"] == values["holder"]:
                to_change(transaction, partition).update(holder=None, leased_until=0)
    return []


# -- turns ---------------------------------------------------------------------------------------------------------


def lock(transaction: Transaction, values: Values) -> list[Row]:
    partition = _named(values)
    if row_of(transaction, partition)["epoch"] != values["epoch"]:
        return []
    transaction.lock(partition)
    row = row_of(transaction, partition)
    paused = transaction.view.rows("versions", partition[:2])[None]["paused"]
    return [(None if paused else row["position"], row["worked_until"])] if row["epoch"] == values["epoch"] else []


def advance(transaction: Transaction, values: Values) -> list[Row]:
    until: Instant = transaction.server.now() + values["lease"]
    to_change(transaction, _named(values)).update(
        position=values["position"], worked_until=values["worked_until"], leased_until=until, waits_for=None
    )
    return []


def waits(transaction: Transaction, values: Values) -> list[Row]:
    partition = _named(values)
    transaction.lock(partition)
    if row_of(transaction, partition)["epoch"] == values["epoch"]:
        to_change(transaction, partition)["waits_for"] = values["reason"]
    return []


# -- parked --------------------------------------------------------------------------------------------------------


def blocked(transaction: Transaction, values: Values) -> list[Row]:
    return [(customer,) for customer, rows in transaction.view.groups("parked") if rows]


def park(transaction: Transaction, values: Values) -> list[Row]:
    transaction.view.change("parked", values["customer"])[None] = {"reason": values["reason"]}
    return []


def release(transaction: Transaction, values: Values) -> list[Row]:
    """Nobody is tried again here: nobody may come to be parked."""
    return []


def _named(values: Values) -> Partition:
    return values["projection"], values["version"], values["partition"]


def _partitions(transaction: Transaction) -> Iterator[tuple[Partition, dict[str, Any]]]:
    return ((key, rows[None]) for key, rows in sorted(transaction.view.groups("tracking"), key=lambda one: one[0]))  # type: ignore[arg-type, return-value, misc]


def _share(transaction: Transaction, holder: UUID) -> tuple[Duration, int]:
    """How many partitions are this follower's share, and how many it has."""
    found = [row for _, row in _partitions(transaction)]
    living = sum(1 for _, rows in transaction.view.groups("followers") if rows)
    return -(-len(found) // max(1, living)), sum(1 for row in found if row["holder"] == holder)
