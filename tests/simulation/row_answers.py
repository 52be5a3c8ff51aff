"""What the queries of a projection's rows yield and do: those of projections/ that a follower asks."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, Final
from uuid import UUID

from msgspec.json import decode

import projections
from projections import opportunities, trail
from tests.simulation.log_answers import queries
from tests.simulation.server import Answer, Row, Transaction

Values = Mapping[str, Any]

BELIEVED: Final = {"trail": trail.TABLE.said, "opportunities": opportunities.TABLE.said}
"""What a row says, in the order of the query ``kept``."""


def answers() -> dict[bytes, Answer]:
    """By query."""
    journeys, kept = queries(projections.__file__, "journeys"), queries(projections.__file__, "kept")
    found: dict[bytes, Answer] = {
        journeys["due"]: due,
        journeys["forget_standing"]: partial(forget, "standing"),
        journeys["forget_stays"]: partial(forget, "stays"),
        journeys["forget_sellers"]: partial(forget, "sellers"),
        journeys["drop_stays"]: drop_stays,
        journeys["put_standing"]: put_standing,
        journeys["add_stays"]: add_stays,
        journeys["add_sellers"]: add_sellers,
        journeys["beat"]: lambda transaction, values: [(1,)],
        kept["newest"]: newest,
        kept["forget"]: partial(forget, "kept"),
        kept["drop_newest"]: drop_newest,
        kept["add"]: keep,
        trail.QUERIES["believed"]: believed,
    }
    for table in BELIEVED:
        own = queries(projections.__file__, table)
        found |= {
            own["kept"]: partial(still_believed, table),
            own["add"]: partial(add, table),
            own["end"]: partial(end, table),
            own["drop"]: partial(drop, table),
            own["forget"]: partial(forget, table),
        }
    return found


def forget(table: str, transaction: Transaction, values: Values) -> list[Row]:
    for customer in values["customers"]:
        transaction.view.change(table, customer).clear()
    return []


# -- standing, stays, sellers --------------------------------------------------------------------------------------


def due(transaction: Transaction, values: Values) -> list[Row]:
    return [
        (customer,)
        for customer, rows in transaction.view.groups("standing")
        if any(row["next_due"] is not None and row["next_due"] <= values["until"] for row in rows.values())
    ]


def put_standing(transaction: Transaction, values: Values) -> list[Row]:
    for customer, row in _recordset(values):
        transaction.view.change("standing", customer)[row["journey"]] = row
    return []


def drop_stays(transaction: Transaction, values: Values) -> list[Row]:
    for journey, customer in zip(values["journeys"], values["customers"], strict=True):
        stays = transaction.view.change("stays", customer)
        for key in [key for key in stays if key[0] == journey]:
            del stays[key]
    return []


def add_stays(transaction: Transaction, values: Values) -> list[Row]:
    for customer, row in _recordset(values):
        _insert(transaction, "stays", customer, (row["journey"], row["from_at"]), row)
    return []


def add_sellers(transaction: Transaction, values: Values) -> list[Row]:
    for customer, row in _recordset(values):
        _insert(transaction, "sellers", customer, None, row)
    return []


# -- trail, opportunities ------------------------------------------------------------------------------------------


def still_believed(table: str, transaction: Transaction, values: Values) -> list[Row]:
    found = []
    for journey, customer in zip(values["journeys"], values["customers"], strict=True):
        for id, row in transaction.view.rows(table, customer).items():
            if row["journey"] == journey and row["believed_until"] is None:
                said = (row[column] for column in BELIEVED[table])
                found.append((journey, customer, id, row["believed_from"], *said))
    return found


def add(table: str, transaction: Transaction, values: Values) -> list[Row]:
    for customer, row in _recordset(values):
        transaction.server.row_ids += 1
        _insert(transaction, table, customer, transaction.server.row_ids, row)
    return []


def end(table: str, transaction: Transaction, values: Values) -> list[Row]:
    for id, at in zip(values["ids"], values["instants"], strict=True):
        customer = _whose(table, transaction, id)
        transaction.view.change(table, customer)[id]["believed_until"] = at
    return []


def drop(table: str, transaction: Transaction, values: Values) -> list[Row]:
    for id in values["ids"]:
        del transaction.view.change(table, _whose(table, transaction, id))[id]
    return []


def believed(transaction: Transaction, values: Values) -> list[Row]:
    rows = [
        row
        for row in transaction.view.rows("trail", values["customer"]).values()
        if row["journey"] == values["journey"]
        and row["at"] <= values["as_of"]
        and row["believed_from"] <= values["known_at"]
    ]
    rows.sort(key=lambda row: (row["believed_from"], row["at"], row["place"]))
    return [tuple(row[name] for name in ("believed_from", "believed_until", *BELIEVED["trail"])) for row in rows]


# -- kept ----------------------------------------------------------------------------------------------------------


def newest(transaction: Transaction, values: Values) -> list[Row]:
    return [
        (customer, after, row["version"], row["box"])
        for customer in values["customers"]
        for after, row in transaction.view.rows("kept", customer).items()
        if row["newest"]
    ]


def drop_newest(transaction: Transaction, values: Values) -> list[Row]:
    for customer in values["customers"]:
        rows = transaction.view.change("kept", customer)
        for after in [after for after, row in rows.items() if row["newest"]]:
            del rows[after]
    return []


def keep(transaction: Transaction, values: Values) -> list[Row]:
    names = ("customers", "afters", "versions", "newests", "boxes")
    for customer, after, version, is_newest, box in zip(*(values[name] for name in names), strict=True):
        _insert(transaction, "kept", customer, after, {"version": version, "newest": is_newest, "box": box})
    return []


def _recordset(values: Values) -> Iterable[tuple[UUID, dict[str, Any]]]:
    """``json_to_recordset``; a column that a row does not name is null, and none is more than one of these."""
    return ((UUID(row["customer"]), row) for row in decode(values["rows"]))


def _insert(transaction: Transaction, table: str, customer: UUID, key: Any, row: dict[str, Any]) -> None:
    rows = transaction.view.change(table, customer)
    assert key not in rows, f"{table}: {key} is there already"
    rows[key] = row


def _whose(table: str, transaction: Transaction, id: int) -> UUID:
    return next(customer for customer, rows in transaction.view.groups(table) if id in rows)  # type: ignore[return-value]
