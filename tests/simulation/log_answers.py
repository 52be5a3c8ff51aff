"""What the queries of the log yield: those of event_log/, less what only questions and commands ask."""

from collections.abc import Mapping
from functools import cache
from itertools import repeat
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import event_log
from domain.instants import Instant
from event_log.entry import Entry
from event_log.named_sql import named_queries
from tests.simulation.log_table import Written, as_row
from tests.simulation.server import Answer, Row, Transaction, nothing

WRITERS: Final = "the writers' lock"

Values = Mapping[str, Any]


@cache
def queries(room: str, name: str) -> dict[str, bytes]:
    return named_queries(Path(room).parent / f"{name}.sql")


def answers() -> dict[bytes, Answer]:
    """By query."""
    recorder, reading, keys = (queries(event_log.__file__, name) for name in ("recorder", "reading", "keys"))
    connections = queries(event_log.__file__, "connections")
    return {
        connections["as_service"]: nothing,
        recorder["lock"]: lock,
        recorder["head_and_known"]: head_and_known,
        recorder["insert"]: insert,
        recorder["lost_keys"]: lost_keys,
        recorder["is_stored"]: is_stored,
        recorder["confirm"]: lambda transaction, values: [(None,)],
        recorder["stream"]: stream,
        keys["of_subjects"]: of_subjects,
        keys["of_subjects_with_versions"]: of_subjects_with_versions,
        keys["of_numbers"]: of_numbers,
        reading["head"]: lambda transaction, values: [(transaction.log.head,)],
        reading["end"]: lambda transaction, values: [(transaction.log.head, transaction.log.newest)],
        reading["now"]: lambda transaction, values: [(transaction.server.now(),)],
        reading["pass_through_lock"]: pass_through_lock,
        reading["page_of_partition"]: page_of_partition,
        reading["rest_of_transaction"]: rest_of_transaction,
        reading["of_customers"]: of_customers,
        reading["of_positions"]: of_positions,
        reading["journeys"]: journeys,
        reading["numbers"]: numbers,
        reading["begin_identity"]: begin_identity,
        reading["identity"]: lambda transaction, values: [(transaction.log.fingerprint,)],
    }


# -- writing -------------------------------------------------------------------------------------------------------


def lock(transaction: Transaction, values: Values) -> list[Row]:
    transaction.lock(WRITERS)
    return [("",)]


def pass_through_lock(transaction: Transaction, values: Values) -> list[Row]:
    transaction.server.wait_for(WRITERS, transaction)
    return [("",)]


def begin_identity(transaction: Transaction, values: Values) -> list[Row]:
    transaction.log.fingerprint = values["fingerprint"]
    return []


def head_and_known(transaction: Transaction, values: Values) -> list[Row]:
    log = transaction.log
    now = max(transaction.server.now(), log.newest + 1)
    known = [log.of_identity[identity] for identity in values["identities"] if identity in log.of_identity]
    end = log.head, log.written[-1].leaf_hash if log.written else b"", now
    found = [
        (
            *end,
            one.identity_hash,
            one.entry.position,
            one.content_hash,
            one.entry.customer,
            one.entry.customer in log.keys,
        )
        for one in known
    ]
    return found or [(*end, None, None, None, None, False)]


def lost_keys(transaction: Transaction, values: Values) -> list[Row]:
    asked = zip(values["customers"], values["key_ids"], strict=True)
    return [(number,) for number, key_id in asked if key_of(transaction, number)[0] != key_id]


def insert(transaction: Transaction, values: Values) -> list[Row]:
    names = ("originators", "versions", "topics", "states", "positions", "event_ids", "fact_types", "occurred_at")
    lines = zip(*(values[name] for name in names), repeat(values["recorded_at"]), strict=False)
    hashes = zip(*(values[f"{name}_hashes"] for name in ("leaf", "identity", "content")), strict=True)
    written = [Written(Entry(*line), *own) for line, own in zip(lines, hashes, strict=True)]
    people = ("subject_hashes", "numbers", "subjects", "key_ids", "wrapped_keys")
    transaction.log.add(transaction, written, [*zip(*(values[name] for name in people), strict=True)])
    return []


def is_stored(transaction: Transaction, values: Values) -> list[Row]:
    found = transaction.log.written[values["position"] - 1 : values["position"]]
    return [(bool(found) and found[0].leaf_hash == values["leaf_hash"],)]


def stream(transaction: Transaction, values: Values) -> list[Row]:
    entries = transaction.log.streams.get(values["originator"], [])
    return [as_row(entry) for entry in entries if values["gt"] < entry.originator_version <= values["lte"]]


# -- customers -----------------------------------------------------------------------------------------------------


def of_subjects(transaction: Transaction, values: Values) -> list[Row]:
    log = transaction.log
    found = [(hashed, *log.customers[hashed]) for hashed in values["hashes"] if hashed in log.customers]
    return [(hashed, number, subject, *key_of(transaction, number)) for hashed, number, subject in found]


def of_subjects_with_versions(transaction: Transaction, values: Values) -> list[Row]:
    return [(*row, version_of(transaction, row[1])) for row in of_subjects(transaction, values)]


def of_numbers(transaction: Transaction, values: Values) -> list[Row]:
    keys = transaction.log.keys
    return [(number, *keys[number]) for number in values["numbers"] if number in keys]


def key_of(transaction: Transaction, number: UUID) -> tuple[UUID | None, bytes | None]:
    _, key_id, wrapped = transaction.log.keys.get(number, (None, None, None))
    return key_id, wrapped


def version_of(transaction: Transaction, number: UUID) -> int:
    entries = transaction.log.streams.get(number)
    return entries[-1].originator_version if entries else 0


# -- reading -------------------------------------------------------------------------------------------------------


def page_of_partition(transaction: Transaction, values: Values) -> list[Row]:
    found = transaction.log.between(values["after"], values["last"])
    return [as_row(entry) for entry in found if _of_partition(entry, values)][: values["limit"]]


def rest_of_transaction(transaction: Transaction, values: Values) -> list[Row]:
    found = transaction.log.between(values["after"], _last_recorded_at(transaction, values["recorded_at"]))
    return [as_row(entry) for entry in found if _of_partition(entry, values)]


def of_customers(transaction: Transaction, values: Values) -> list[Row]:
    streams = transaction.log.streams
    return [
        as_row(entry)
        for number in sorted(values["numbers"])
        for entry in streams.get(number, ())
        if entry.position <= values["position"]
    ]


def of_positions(transaction: Transaction, values: Values) -> list[Row]:
    return [as_row(transaction.log.written[position - 1].entry) for position in values["positions"]]


def journeys(transaction: Transaction, values: Values) -> list[Row]:
    return [as_row(entry) for entry in transaction.log.publications if entry.position <= values["position"]]


def numbers(transaction: Transaction, values: Values) -> list[Row]:
    found = sorted(number for number, _ in transaction.log.customers.values() if number > values["after"])
    return [(number,) for number in found[: values["limit"]]]


def _of_partition(entry: Entry, values: Values) -> bool:
    mine = entry.originator_id.bytes[0] % values["partitions"] == values["partition"]
    return mine or entry.topic == "rulebook-published"


def _last_recorded_at(transaction: Transaction, recorded_at: Instant) -> int:
    return max(one.entry.position for one in transaction.log.written if one.entry.recorded_at == recorded_at)
