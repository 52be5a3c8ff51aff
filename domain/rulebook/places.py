"""Where each value of a rulebook is written."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from domain.refusals import Fault

_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """``line`` and ``column`` count from 1; a column is a character."""

    line: int
    column: int


class Lines:
    """Turns an index into a text to a place."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(end.end() for end in _LINE_END.finditer(text))]

    def place(self, index: int) -> Place:
        line = bisect_right(self._starts, index)
        return Place(line, index - self._starts[line - 1] + 1)

    def start(self, line: int) -> int:
        """The index at which a line begins."""
        return self._starts[line - 1]


@dataclass(frozen=True, slots=True)
class Places:
    """The places of a document's values and of their keys, by JSON pointer; empty for what came without a text."""

    values: Mapping[str, Place] = field(default_factory=dict)
    keys: Mapping[str, Place] = field(default_factory=dict)

    def of(self, pointer: str) -> Place | None:
        """Where the value at ``pointer`` is written, or the nearest thing around it that is."""
        while pointer and pointer not in self.values:
            pointer = pointer.rpartition("/")[0]
        return self.values.get(pointer)

    def of_key(self, pointer: str) -> Place | None:
        """Where the key of the value at ``pointer`` is written."""
        return self.keys.get(pointer) or self.of(pointer)

    def located(self, faults: Iterable[Fault]) -> list[Fault]:
        """The faults with line and column, as far as they have a pointer and no line yet."""
        return [fault if fault.line is not None else self._locate(fault) for fault in faults]

    def _locate(self, fault: Fault) -> Fault:
        place = self.of(fault.pointer)
        return fault if place is None else replace(fault, line=place.line, column=place.column)


def spoken(pointer: str) -> str:
    """A JSON pointer as people say it: ``/moves/2/to`` is ``moves[2].to``, the whole is ``the rulebook``."""
    path = ""
    for token in pointer.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        path += f"[{name}]" if name.isdecimal() and path else f".{name}" if path else name
    return path or "the rulebook"
