"""From YAML 1.2 or JSON to a document and a rulebook; every fault says where it is and what to do."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from domain.refusals import Fault, RulebookUnfit
from domain.rulebook.document import Rulebook, build
from domain.rulebook.nodes import compose
from domain.rulebook.places import Lines, Places
from domain.rulebook.plain_values import PlainValues
from domain.rulebook.schema_faults import MOST_FAULTS, schema_faults
from domain.strict_json import unfit


@dataclass(frozen=True, slots=True)
class Read:
    """A document of plain values that fits the schema, and where each of them is written."""

    document: dict[str, Any]
    places: Places


def read(text: str) -> Read:
    """Read a rulebook in YAML 1.2 or JSON: at most 1 MB, 32 deep, 50,000 values.

    Raises ``RulebookUnfit`` with the faults of notation and of the schema, a hundred at most, in order of the text.
    """
    text = text.removeprefix("\ufeff")
    lines = Lines(text)
    plain = PlainValues(compose(text, lines), text, lines)
    places = plain.places
    untold = [
        fault
        for fault in schema_faults(plain.value, places)
        if fault.pointer not in plain.incomplete and not _told(fault.pointer, plain.told)
    ]
    _refuse([*plain.faults, *untold])
    return Read(plain.value, places)


def rulebook(text: str) -> Rulebook:
    """The rulebook of a text. Raises ``RulebookUnfit``."""
    done = read(text)
    try:
        return build(done.document)
    except RulebookUnfit as refusal:
        raise RulebookUnfit(faults=done.places.located(refusal.faults)) from None


def rulebook_of(document: Any) -> Rulebook:
    """The rulebook of a document that came as parsed JSON. Raises ``RulebookUnfit``, its faults without lines."""
    _refuse([*unfit(document)] or schema_faults(document))
    return build(document)


def _told(pointer: str, told: Collection[str]) -> bool:
    """Whether what lies at ``pointer``, or the value around it, was complained of already."""
    if pointer in told:
        return True
    while pointer:
        pointer = pointer.rpartition("/")[0]
        if pointer in told:
            return True
    return False


def _refuse(faults: Sequence[Fault]) -> None:
    if faults:
        ordered = sorted(faults, key=lambda fault: (fault.line or 0, fault.column or 0))
        raise RulebookUnfit(faults=ordered[:MOST_FAULTS])
