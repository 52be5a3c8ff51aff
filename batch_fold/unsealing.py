"""The fields that are needed of a split: the open ones joined, the sealed ones opened, each box once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from msgspec.json import decode
from numpy.typing import NDArray

from batch_fold.coding import Coding, joined, sealed_rows
from batch_fold.columns import NULL, Field, Needs
from batch_fold.pieces import Pieces, offsets
from batch_fold.record_files import Folder
from batch_fold.segments import FactsFile, SealedFile, SealedRow
from domain.facts import PUBLIC_FIELDS
from domain.refusals import Refusal

PROFILE: Final = "profile.changed"
SOME: Final = 16_384
"""Boxes that are opened at once."""

_NONE: Final[frozenset[str]] = frozenset()


class BoxesClosed(Refusal):
    """A rule looks at fields that are sealed, and no keys were given to open them."""


@dataclass(frozen=True, slots=True)
class Box:
    """The sealed part of a fact of this customer (16 bytes), bound to the number of its event (16 bytes)."""

    customer: bytes
    event: bytes
    sealed: bytes


class OpenBoxes(Protocol):
    """Opens sealed parts; can be sent to other processes."""

    def __call__(self, boxes: Sequence[Box]) -> Sequence[Mapping[str, Any] | None]:
        """The personal part of ``data`` of each; ``None`` where there is no key, or it does not open."""
        ...


def asks_for_boxes(needs: Needs) -> bool:
    """Whether some fields are sealed by their type; a single one may be so even where this is false."""
    wanted = needs.fields.items()
    return bool(needs.attributes) or any(
        types is None or any(name not in PUBLIC_FIELDS.get(type, _NONE) for type in types) for name, types in wanted
    )


def sealed_of(
    folder: Folder, names: Sequence[str], files: Sequence[FactsFile], rows: NDArray[np.int64]
) -> list[SealedRow]:
    """What is stored of some rows of these files, counted on from one to the next, as they come in ``Pieces``."""
    before = offsets(files)
    file_of = np.searchsorted(before, rows, side="right") - 1
    found: dict[int, SealedRow] = {}
    for number in np.unique(file_of).tolist():
        (places,) = np.nonzero(file_of == number)
        # A segment keeps a customer's facts in fold order too: what is needed of it ascends.
        sealed = SealedFile(folder, names[number]).rows(rows[places] - before[number])
        found.update(zip(places.tolist(), sealed, strict=True))
    return [found[place] for place in range(len(rows))]


class Unsealing:
    """What is needed of the rows of ``whole``, which are of ``files``, whose names these are."""

    def __init__(
        self, folder: Folder, names: Sequence[str], files: Sequence[FactsFile], whole: Pieces, needs: Needs
    ) -> None:
        self._folder, self._names, self._files, self._whole, self._needs = folder, names, files, whole, needs
        self._rows = [file.rows for file in files]
        self.types = joined([file.types() for file in files], self._rows, whole.rows)
        self._open = {name: field for name in needs.fields if (field := self._joined(name)) is not None}
        self._sealed = {name: self._where(name) for name in needs.fields}
        self._codings: dict[str, Coding] = {}
        self._attributes: dict[str, Coding] = {}

    def open(self, open_boxes: OpenBoxes | None) -> set[int]:
        """Open what is needed; returns the places of the customers of whom something did not open.

        Raises ``BoxesClosed``.
        """
        profiles = self._of_types({PROFILE}) if self._needs.attributes else np.zeros(len(self.types.codes), np.bool_)
        asked = np.flatnonzero(np.logical_or.reduce([profiles, *self._sealed.values()]))
        if not len(asked):
            return set()
        if open_boxes is None:
            raise BoxesClosed()
        count = len(self.types.codes)
        self._codings = {name: Coding(count, self._open.get(name)) for name, at in self._sealed.items() if at.any()}
        self._attributes = {name: Coding(count) for name in self._needs.attributes}
        whose = np.searchsorted(self._whole.starts, asked, side="right") - 1
        unopened: set[int] = set()
        for begin in range(0, len(asked), SOME):
            some, theirs = asked[begin : begin + SOME], whose[begin : begin + SOME]
            for row, customer, data in zip(
                some.tolist(), theirs.tolist(), self._data(some, theirs, open_boxes), strict=True
            ):
                if data is None:
                    unopened.add(customer)
                else:
                    self._put(row, data, bool(profiles[row]))
        return unopened

    def fields(self) -> dict[str, Field]:
        return self._open | {name: coding.field() for name, coding in self._codings.items()}

    def attributes(self) -> dict[str, Field]:
        return {name: coding.field() for name, coding in self._attributes.items()}

    def _put(self, row: int, data: Mapping[str, Any], is_profile: bool) -> None:
        for name, coding in self._codings.items():
            if self._sealed[name][row]:
                coding.put(row, data.get(name))
        attributes = data.get("attributes") if is_profile else None
        if isinstance(attributes, dict):
            for name, coding in self._attributes.items():
                if name in attributes:
                    value = attributes[name]
                    coding.code(row, NULL) if value is None else coding.put(row, value)

    def _data(
        self, rows: NDArray[np.int64], whose: NDArray[np.int64], open_boxes: OpenBoxes
    ) -> list[Mapping[str, Any] | None]:
        """Of each row all of ``data``, public and personal."""
        there = rows if self._whole.rows is None else self._whole.rows[rows]
        sealed = sealed_of(self._folder, self._names, self._files, there)
        boxes = [
            Box(self._whole.customers[customer].ljust(16, b"\0"), row.event, row.box or b"")
            for row, customer in zip(sealed, whose, strict=True)
        ]
        return [
            None if personal is None else {**decode(row.open), **personal}
            for row, personal in zip(sealed, open_boxes(boxes), strict=True)
        ]

    def _joined(self, name: str) -> Field | None:
        fields = [file.field(name) for file in self._files]
        return None if all(one is None for one in fields) else joined(fields, self._rows, self._whole.rows)

    def _where(self, name: str) -> NDArray[np.bool_]:
        """The rows in which this field must be opened: of the types it is asked of and sealed in, or sealed there."""
        types = self._needs.fields[name]
        asked = set(self.types.texts) if types is None else types & set(self.types.texts)
        single = sealed_rows(self._open.get(name), len(self.types.codes))
        if types is not None and single.any():
            single &= self._of_types(asked)
        return single | self._of_types({type for type in asked if name not in PUBLIC_FIELDS.get(type, _NONE)})

    def _of_types(self, types: frozenset[str] | set[str]) -> NDArray[np.bool_]:
        chosen = [place for place, type in enumerate(self.types.texts) if type in types]
        if not chosen:
            return np.zeros(len(self.types.codes), np.bool_)
        meant = np.zeros(len(self.types.texts), np.bool_)
        meant[chosen] = True
        return meant[self.types.codes]
