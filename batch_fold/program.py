"""Rulebooks as tables: what the compiled fold reads instead of documents. Rules are data, no code is generated."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from batch_fold.columns import Needs
from batch_fold.conditions_table import WORD, words_of
from batch_fold.dictionary import Dictionary, tags_of
from batch_fold.run_tables import RunTables
from batch_fold.tables import Run
from domain.journey.in_force import Version, in_order
from domain.rulebook.conditions import Matcher, Predicate

ACTS: Final[Mapping[str, tuple[str, ...]]] = {
    "tag.added": ("tag",),
    "tag.removed": ("tag",),
    "stage.set": ("journey", "stage", "hold"),
    "opportunity.done": ("journey", "rule"),
    "opportunity.skipped": ("journey", "rule"),
}
"""The types of facts that do something by themselves, and the fields that say what. (Attributes are no fields.)"""


@dataclass(frozen=True, slots=True)
class Program:
    """Several series of versions of one journey over one dictionary.

    ``names`` has every stage, tag, rule id, opportunity and kind of card once, the tags of rules in order of name among
    themselves. ``atoms`` are what facts are examined for, each text of (types, where, summed) once; one that sums means
    only facts whose field is a number. ``amounts`` are the fields that are summed, ``attributes`` the predicates on
    attributes. ``runs`` are the tables that the compiled fold reads.
    """

    journey: str
    names: Sequence[str]
    atoms: Sequence[Matcher]
    amounts: Sequence[str]
    attributes: Sequence[tuple[str, Predicate]]
    needs: Needs
    runs: Sequence[Run]


def program_of(runs: Sequence[Sequence[Version]]) -> Program:
    """The program of one or more series of versions, at least one version in all; all must be of one journey."""
    ordered = [in_order(versions) for versions in runs]
    rulebooks = [version.rulebook for versions in ordered for version in versions]
    dictionary = Dictionary()
    for tag in tags_of(rulebooks):
        _ = dictionary.names[tag]
    tables = [RunTables(versions, dictionary) for versions in ordered]
    unset = _unset(dictionary)
    finished = tuple(one.finished(unset) for one in tables)
    return Program(
        journey=rulebooks[0].journey,
        names=tuple(dictionary.names),
        atoms=tuple(dictionary.atoms),
        amounts=tuple(dictionary.amounts),
        attributes=tuple(dictionary.attributes),
        needs=_needs(dictionary),
        runs=finished,
    )


def _unset(dictionary: Dictionary) -> NDArray[np.int64]:
    holding = [place for place, (_, predicate) in enumerate(dictionary.attributes) if predicate.holds(None)]
    return np.array(words_of(holding, -(-len(dictionary.attributes) // WORD)), np.int64)


def _needs(dictionary: Dictionary) -> Needs:
    fields: dict[str, frozenset[str] | None] = {}

    def need(name: str, types: Iterable[str] | None) -> None:
        before = fields.get(name, frozenset())
        fields[name] = None if types is None or before is None else before | frozenset(types)

    for fact_type, names in ACTS.items():
        for name in names:
            need(name, [fact_type])
    for atom in dictionary.atoms:
        for name, _ in atom.where:
            need(name, atom.types)
        if atom.summed is not None:
            need(atom.summed, atom.types)
    return Needs(fields, frozenset(name for name, _ in dictionary.attributes))
