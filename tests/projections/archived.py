"""What the archive must say, from the log alone and fact by fact; and what it says, in the same words."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from batch_fold.columns import ABSENT, FALSE, NULL, NUMBER, OTHER, SEALED, TRUE, Batch, Field, Needs
from batch_fold.record_files import Folder
from batch_fold.splits import read_split
from domain.facts import Fact
from domain.history import in_fold_order
from domain.instants import LATEST
from event_log.log import EventLog
from projections.archive import PATIENCE, Archive
from projections.archive_keeping import PAGE
from tests.projections.fresh import customers
from tests.projections.world import World

FIELDS = ("staff", "content", "feedback", "seconds", "amount", "tag", "text", "journey", "stage", "v", "n", "kind")
ATTRIBUTES = ("plan", "interest")
EVERYTHING = Needs(dict.fromkeys(FIELDS), frozenset(ATTRIBUTES))
NOTHING = Needs({}, frozenset())

_CODES = {ABSENT: None, TRUE: True, FALSE: False, OTHER: "(other)", SEALED: "(sealed)", NULL: "(unset)"}
_names = count(1)

Row = tuple[Any, ...]
Told = dict[bytes, list[Row]]
"""By customer, her facts in fold order: position, when recorded and occurred, type, fields and attributes by name."""


def archive_in(world: World, folder: Path | Folder, page: int = PAGE, patience: float = PATIENCE) -> Archive:
    kept_in = folder if isinstance(folder, Folder) else Folder.of(str(folder))
    log = world.log
    new_name = lambda: f"segment{next(_names)}"  # noqa: E731
    return Archive(world.pool, log.reading, log.master, kept_in, new_name, page=page, patience=patience)


def log_says(log: EventLog, position: int, needs: Needs = EVERYTHING) -> Told:
    return {
        number.bytes: [_row(fact, needs) for fact in in_fold_order(known.facts, LATEST)]
        for number, known in customers(log, position).items()
        if not known.erased
    }


def batches(archive: Archive, needs: Needs = EVERYTHING) -> list[Batch]:
    return [read_split(split, needs, archive.open_boxes(split)) for split in archive.snapshot().splits]


def archive_says(archive: Archive, needs: Needs = EVERYTHING) -> Told:
    found = [(number, rows) for batch in batches(archive, needs) for number, rows in _told(batch)]
    # Splits come in order of number too.
    assert [number for number, _ in found] == sorted({number for number, _ in found})
    return dict(found)


def _told(batch: Batch) -> Iterator[tuple[bytes, list[Row]]]:
    columns = batch.columns
    fields = {name: _values(field) for name, field in columns.fields.items()}
    attributes = {name: _values(field) for name, field in columns.attributes.items()}
    rows: list[Row] = [
        (
            int(batch.positions[row]),
            int(batch.recorded_at[row]),
            int(columns.at[row]),
            columns.type_names[columns.types[row]],
            {name: values[row] for name, values in fields.items() if values[row] is not None},
            {name: values[row] for name, values in attributes.items() if values[row] is not None},
        )
        for row in range(columns.facts)
    ]
    for customer, number in enumerate(np.asarray(batch.customers)):
        yield number.tobytes(), rows[columns.starts[customer] : columns.starts[customer + 1]]


def _values(field: Field) -> Sequence[Any]:
    numbers = field.numbers if field.numbers is not None else np.zeros(len(field.codes))
    return [
        field.texts[code] if code >= 0 else float(number) if code == NUMBER else _CODES[int(code)]
        for code, number in zip(field.codes, numbers, strict=True)
    ]


def _row(fact: Fact, needs: Needs) -> Row:
    named = fact.data.get("attributes") if fact.type == "profile.changed" else None
    attributes: Mapping[str, Any] = named if isinstance(named, dict) else {}
    return (
        fact.position,
        fact.recorded_at,
        fact.occurred_at,
        fact.type,
        {name: _shown(fact.data[name]) for name in needs.fields if fact.data.get(name) is not None},
        {
            name: "(unset)" if attributes[name] is None else _shown(attributes[name])
            for name in needs.attributes & attributes.keys()
        },
    )


def _shown(value: Any) -> Any:
    if isinstance(value, str | bool):
        return value
    return float(value) if isinstance(value, int | float) else "(other)"
