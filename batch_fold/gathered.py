"""Facts in memory as columns."""

from collections.abc import Sequence

import numpy as np

from batch_fold.coding import Coding, from_lengths
from batch_fold.columns import NULL, Columns, Needs
from batch_fold.dictionary import Places
from batch_fold.unsealing import PROFILE
from domain.facts import Fact


def columns_of(histories: Sequence[Sequence[Fact]], needs: Needs) -> Columns:
    """The facts of each customer, which are in fold order without those that are voided, with the fields needed."""
    facts = [fact for history in histories for fact in history]
    types: Places[str] = Places()
    fields = {name: Coding(len(facts)) for name in needs.fields}
    attributes = {name: Coding(len(facts)) for name in needs.attributes}
    looked_at: dict[str, list[tuple[str, Coding]]] = {}
    for row, fact in enumerate(facts):
        if types[fact.type] == len(looked_at):
            looked_at[fact.type] = [
                (name, fields[name]) for name, of in needs.fields.items() if of is None or fact.type in of
            ]
        for name, coding in looked_at[fact.type]:
            if name in fact.data:
                coding.put(row, fact.data[name])
        if attributes and fact.type == PROFILE:
            _put_attributes(attributes, row, fact)
    return Columns(
        starts=from_lengths(map(len, histories)),
        at=np.array([fact.occurred_at for fact in facts], np.int64),
        types=np.array([types[fact.type] for fact in facts], np.int32),
        type_names=tuple(types),
        fields={name: coding.field() for name, coding in fields.items()},
        attributes={name: coding.field() for name, coding in attributes.items()},
    )


def _put_attributes(attributes: dict[str, Coding], row: int, fact: Fact) -> None:
    said = fact.data.get("attributes")
    # What is no object says nothing.
    if isinstance(said, dict):
        for name in attributes.keys() & said.keys():
            value = said[name]
            attributes[name].code(row, NULL) if value is None else attributes[name].put(row, value)
