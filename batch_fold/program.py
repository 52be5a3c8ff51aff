"""Rulebooks as tables: what the compiled fold reads instead of documents. Rules are data, no code is generated."""

from collections.abc import Sequence
from dataclasses import dataclass

from batch_fold.columns import Needs
from domain.rulebook.conditions import Matcher, Predicate


@dataclass(frozen=True, slots=True)
class Program:
    """Several series of versions of one journey over one dictionary.

    ``names`` has every stage, tag, rule id, opportunity and kind of card once, the tags of rules in order of name among
    themselves. ``atoms`` are what facts are examined for, each text of (types, where, summed) once; one that sums means
    only facts whose field is a number. ``amounts`` are the fields that are summed, ``attributes`` the predicates on
    attributes.
    """

    journey: str
    names: Sequence[str]
    atoms: Sequence[Matcher]
    amounts: Sequence[str]
    attributes: Sequence[tuple[str, Predicate]]
    needs: Needs
