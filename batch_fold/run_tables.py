"""One series of versions of a journey made into tables."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from batch_fold.conditions_table import WORD, Looked, Nodes, words_of
from batch_fold.dictionary import Dictionary, Places, tags_of
from batch_fold.folds import NEVER
from batch_fold.tables import (
    AHEAD,
    CARD,
    COUNT_OF,
    COUNTED,
    FAILS,
    FIRST,
    LAST,
    MOVE,
    STAGE_ENTRY,
    STAGES,
    SUM_OF,
    SUMMED,
    TAG_RULE,
    VERSION,
    WINDOW,
    Rows,
    Rules,
    Run,
)
from domain.journey.in_force import Version
from domain.rulebook.conditions import Matcher
from domain.rulebook.document import Move, OpportunityRule, Rulebook, TagRule

_ANCHORS = {"stage_entry": STAGE_ENTRY, "last": LAST, "first": FIRST}

Row = tuple[int, ...]


class _Sum(NamedTuple):
    """Facts of an atom, ever or in a window, and the field that is added up; -1 for none."""

    atom: int
    window: int
    amount: int


@dataclass(slots=True)
class _Numbers:
    """What belongs to the run, numbered. Masks stay sets of atoms until the program knows how many atoms there are; the
    first two are kept for the atoms that are counted and summed."""

    dictionary: Dictionary
    stages: Places[str] = field(default_factory=Places)
    tags: Places[str] = field(default_factory=Places)
    cards: Places[str] = field(default_factory=Places)
    texts: Places[str] = field(default_factory=Places)
    windows: Places[int] = field(default_factory=Places)
    tallied: Places[int] = field(default_factory=Places)
    """The tallies, by atom."""
    most: dict[int, int] = field(default_factory=dict)
    sums: Places[_Sum] = field(default_factory=Places)
    masks: list[frozenset[int]] = field(default_factory=lambda: [frozenset(), frozenset()])

    def tally(self, matcher: Matcher, most: int = 1) -> int:
        tally = self.tallied[self.dictionary.atom(matcher)]
        self.most[tally] = max(most, self.most.get(tally, 1))
        return tally

    def sum(self, matcher: Matcher) -> tuple[int, int]:
        window = -1 if matcher.within is None else self.windows[matcher.within]
        atom, amount = self.dictionary.atom(matcher), self.dictionary.amount(matcher.summed)
        return self.sums[_Sum(atom, window, amount)], window

    def mask(self, atoms: Iterable[int]) -> int:
        self.masks.append(frozenset(atoms))
        return len(self.masks) - 1

    def name(self, name: str) -> int:
        return self.dictionary.names[name]


class RunTables:
    """Takes versions in order; ``finished`` gives the tables once all runs of the program are taken."""

    def __init__(self, versions: Sequence[Version], dictionary: Dictionary) -> None:
        rulebooks = [version.rulebook for version in versions]
        numbers = self._numbers = _Numbers(dictionary)
        _number(numbers.stages, (stage for rulebook in rulebooks for stage in _stages_of(rulebook)))
        _number(numbers.tags, tags_of(rulebooks))
        _number(numbers.cards, sorted(rule.id for rulebook in rulebooks for rule in rulebook.opportunities))
        self._nodes = Nodes(numbers)
        self._ahead = _ahead(versions)
        self._versions: list[Row] = []
        self._stages: list[Row] = []
        self._moves: list[Row] = []
        self._timed: list[Row] = []
        self._tag_rules: list[Row] = []
        self._cards: list[Row] = []
        self._counts_of: list[Row] = []
        self._windows_of: list[int] = []
        self._lengths_of: list[int] = []
        self._tags_of_moves: list[frozenset[int]] = []
        self._tags_of_cards: list[frozenset[int]] = []
        self._tagging: Places[int] = Places()
        self._tag_rules_of: list[dict[int, int]] = []
        for version in versions:
            self._version(version.rulebook, version.number)

    def finished(self, unset: NDArray[np.int64]) -> Run:
        """``unset`` has a bit for each attribute predicate of the program."""
        numbers = self._numbers
        names, atoms = numbers.dictionary.names, len(numbers.dictionary.atoms)
        windows = [
            (length, numbers.mask(one.atom for one in numbers.sums if one.window == window))
            for length, window in numbers.windows.items()
        ]
        numbers.masks[COUNTED] = frozenset(numbers.tallied)
        numbers.masks[SUMMED] = frozenset(one.atom for one in numbers.sums)
        first_sum, sums = _sums_by_atom(numbers.sums, atoms)
        tag_rules_of = self._tag_rules_by_atom()
        rules = Rules(
            versions=np.array(self._versions, VERSION),
            ahead=self._ahead,
            stages=np.array(self._stages, STAGES),
            moves=np.array(self._moves, MOVE),
            timed=np.array(self._timed, MOVE),
            tag_rules=np.array(self._tag_rules, TAG_RULE),
            opportunities=np.array(self._cards, CARD),
            nodes=self._nodes.table(),
            windows=np.array(windows, WINDOW),
            masks=_bits(numbers.masks, atoms),
            tally_of=np.array([numbers.tallied.get(atom, -1) for atom in range(atoms)], np.int64),
            most=np.array([numbers.most[tally] for tally in numbers.tallied.values()], np.int64),
            first_sum=first_sum,
            sums=sums,
            first_block=np.array([self._tagging.get(atom, 0) for atom in range(atoms)], np.int64)
            * tag_rules_of.shape[2],
            tag_rules_of=tag_rules_of,
            counts_of=np.array(self._counts_of, COUNT_OF),
            windows_of=np.array(self._windows_of, np.int64),
            lengths_of=np.array(self._lengths_of, np.int64),
            tags_of_moves=_bits(self._tags_of_moves, len(numbers.tags)),
            tags_of_cards=_bits(self._tags_of_cards, len(numbers.tags)),
            stage_names=_names(numbers, numbers.stages),
            tag_names=_names(numbers, numbers.tags),
            card_names=_names(numbers, numbers.cards),
            unset=unset,
        )
        return Run(
            rules=rules,
            texts=len(numbers.texts),
            stage_of=np.array([numbers.stages.get(name, -1) for name in names], np.int32),
            tag_of=np.array([numbers.tags.get(name, -1) for name in names], np.int32),
        )

    def _version(self, rulebook: Rulebook, number: int) -> None:
        numbers, nodes = self._numbers, self._nodes
        enter = (numbers.name("enter"), *nodes.trigger(rulebook.enter))
        leave = (numbers.name("leave"), *nodes.trigger(rulebook.leave, FAILS))
        first_rule, tagging = len(self._tag_rules), self._tag_rules_of_version(rulebook.tags)
        self._stages_of_version(rulebook)
        first_card, seen = len(self._cards), len(nodes.rows)
        self._cards += [self._card(rule) for rule in rulebook.opportunities]
        looked = nodes.looked_at(seen)
        whens = [atom for card in self._cards[first_card:] for atom in (card[4], card[7]) if atom >= 0]
        self._tags_of_cards.append(looked.tags)
        cards, besides = self._looked_at(looked, whens)
        self._versions.append(
            (
                *(number, numbers.stages[rulebook.initial], int(rulebook.pin), *enter, *leave),
                *(first_rule, numbers.mask(tagging), first_card, len(self._cards)),
                *(cards, *besides),
            )
        )

    def _looked_at(self, looked: Looked, whens: Iterable[int]) -> tuple[int, Row]:
        """The mask of all atoms on which it depends; the ranges of its counts, windows and lengths of stay."""
        tallied, sums = list(self._numbers.tallied), list(self._numbers.sums)
        added = [sums[place] for place in sorted(looked.sums)]
        atoms = {*whens, *(tallied[tally] for tally, _, _ in looked.counts), *(one.atom for one in added)}
        first_count, first_window, first_length = len(self._counts_of), len(self._windows_of), len(self._lengths_of)
        self._counts_of += sorted(count for count in looked.counts if count[2] >= 0)
        self._windows_of += sorted({one.window for one in added if one.window >= 0})
        self._lengths_of += sorted(looked.lengths)
        counts = first_count, len(self._counts_of)
        windows = first_window, len(self._windows_of)
        return self._numbers.mask(atoms), (*counts, *windows, first_length, len(self._lengths_of))

    # -- tag rules -------------------------------------------------------------------------------------------------

    def _tag_rules_of_version(self, rules: Sequence[TagRule]) -> list[int]:
        """Returns the atoms that they begin with."""
        beginning: dict[int, int] = {}
        for place, rule in enumerate(rules):
            when, condition = self._nodes.trigger(rule.trigger)
            row = self._tagging[when]
            beginning[row] = beginning.get(row, 0) | 1 << place
            expires = NEVER if rule.expires is None else rule.expires
            self._tag_rules.append(
                (condition, self._numbers.tags[rule.tag], int(rule.adds), self._numbers.name(rule.id), expires)
            )
        self._tag_rules_of.append(beginning)
        atoms = list(self._tagging)
        return [atoms[row] for row in beginning]

    def _tag_rules_by_atom(self) -> NDArray[np.int64]:
        widest = max((bits.bit_length() for version in self._tag_rules_of for bits in version.values()), default=0)
        blocks = -(-widest // WORD)
        table = np.zeros((len(self._tag_rules_of), len(self._tagging), blocks), np.int64)
        for place, version in enumerate(self._tag_rules_of):
            for row, bits in version.items():
                table[place, row] = words_of((bit for bit in range(bits.bit_length()) if bits >> bit & 1), blocks)
        return table

    # -- moves -----------------------------------------------------------------------------------------------------

    def _stages_of_version(self, rulebook: Rulebook) -> None:
        rows, looked = [], []
        for move in rulebook.moves:
            seen = len(self._nodes.rows)
            rows.append(self._move(move))
            looked.append(self._nodes.looked_at(seen))
        self._stages += [self._stage(rulebook, stage, rows, looked) for stage in self._numbers.stages]

    def _stage(self, rulebook: Rulebook, stage: str, rows: Sequence[Row], looked: Sequence[Looked]) -> Row:
        stages, moves = self._numbers.stages, rulebook.moves
        known = stage in rulebook.stage_ids
        leaving = [place for place, move in enumerate(moves) if known and move.leaves(stage)]
        timed = [place for place in leaving if moves[place].after is not None]
        untimed = [place for place in leaving if moves[place].after is None]
        first_move, first_timed = len(self._moves), len(self._timed)
        self._moves += [rows[place] for place in untimed]
        self._timed += [rows[place] for place in timed]
        joined = reduce(or_, (looked[place] for place in untimed), Looked())
        self._tags_of_moves.append(joined.tags)
        atoms, besides = self._looked_at(joined, (rows[place][0] for place in untimed if rows[place][0] >= 0))
        return (
            *(int(known), stages[rulebook.renames.get(stage, stage)]),
            *(first_move, len(self._moves), first_timed, len(self._timed)),
            min((after for place in timed if (after := moves[place].after) is not None), default=NEVER),
            *(atoms, self._numbers.mask(self._anchors(moves[place] for place in timed)), *besides),
        )

    def _anchors(self, moves: Iterable[Move]) -> set[int]:
        anchors = [move.anchor.matcher for move in moves]
        return {self._numbers.dictionary.atom(matcher) for matcher in anchors if matcher is not None}

    def _move(self, move: Move) -> Row:
        numbers, matcher = self._numbers, move.anchor.matcher
        return (
            *self._nodes.trigger(move.trigger),
            numbers.stages[move.to],
            numbers.texts[move.text],
            numbers.name(move.id),
            int(move.if_alone),
            _ANCHORS[move.anchor.kind],
            -1 if matcher is None else numbers.tally(matcher),
            NEVER if move.after is None else move.after,
        )

    # -- opportunities ---------------------------------------------------------------------------------------------

    def _card(self, rule: OpportunityRule) -> Row:
        numbers = self._numbers
        return (
            numbers.cards[rule.id],
            numbers.name(rule.id),
            numbers.name(rule.kind),
            numbers.texts[rule.text],
            *self._nodes.trigger(rule.trigger),
            int(rule.if_alone),
            *self._nodes.trigger(rule.closes, FAILS),
            NEVER if rule.open_for is None else rule.open_for,
        )


def _sums_by_atom(sums: Iterable[_Sum], atoms: int) -> tuple[NDArray[np.int64], Rows]:
    firsts, rows = [-1] * atoms, []
    for place, (atom, window, amount) in enumerate(sums):
        rows.append((window, amount, firsts[atom]))
        firsts[atom] = place
    return np.array(firsts, np.int64), np.array(rows, SUM_OF)


def _bits(sets: Sequence[frozenset[int]], numbers: int) -> NDArray[np.int64]:
    """A row of words for each set."""
    words = -(-numbers // WORD)
    return np.array([words_of(one, words) for one in sets], np.int64).reshape(len(sets), words)


def _ahead(versions: Sequence[Version]) -> Rows:
    """For each number of versions that came. Of several at one instant the last is in force."""
    rows = []
    for came in range(len(versions) + 1):
        last_of_instant = {version.effective_from: version for version in versions[came:]}
        judging = (at for at, version in last_of_instant.items() if not version.rulebook.pin)
        rows.append((versions[came].effective_from if came < len(versions) else NEVER, next(judging, NEVER)))
    return np.array(rows, AHEAD)


def _stages_of(rulebook: Rulebook) -> list[str]:
    return [*rulebook.stage_ids, *rulebook.renames, *rulebook.renames.values()]


def _number(places: Places[str], names: Iterable[str]) -> None:
    for name in names:
        _ = places[name]


def _names(numbers: _Numbers, named: Iterable[str]) -> NDArray[np.int64]:
    return np.array([numbers.name(name) for name in named], np.int64)
