"""One series of versions of a journey made into tables."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from batch_fold.conditions_table import WORD, Looked, Nodes, words_of
from batch_fold.dictionary import Dictionary, Places, tags_of
from batch_fold.folds import NEVER
from batch_fold.tables import (
    AHEAD,
    CARD,
    FAILS,
    FIRST,
    LAST,
    MOVE,
    STAGE_ENTRY,
    STAGES,
    TAG_RULE,
    TALLY,
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


class Tallied(NamedTuple):
    """Facts of an atom, ever or in a window, and the field that is summed; -1 for none."""

    atom: int
    window: int
    amount: int


@dataclass(slots=True)
class _Numbers:
    """What belongs to the run, numbered. Masks stay sets of atoms until the program knows how many atoms there are; the
    first is kept for the atoms that are tallied."""

    dictionary: Dictionary
    stages: Places[str] = field(default_factory=Places)
    tags: Places[str] = field(default_factory=Places)
    cards: Places[str] = field(default_factory=Places)
    texts: Places[str] = field(default_factory=Places)
    windows: Places[int] = field(default_factory=Places)
    tallies: list[Tallied] = field(default_factory=list)
    masks: list[frozenset[int]] = field(default_factory=lambda: [frozenset()])
    _tallies: Places[Tallied] = field(default_factory=Places)

    def tally(self, matcher: Matcher) -> int:
        window = -1 if matcher.within is None else self.windows[matcher.within]
        tallied = Tallied(self.dictionary.atom(matcher), window, self.dictionary.amount(matcher.summed))
        place = self._tallies[tallied]
        if place == len(self.tallies):
            self.tallies.append(tallied)
        return place

    def window(self, tally: int) -> int:
        return self.tallies[tally].window

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
            (length, numbers.mask(atom for atom, of, _ in numbers.tallies if of == window))
            for length, window in numbers.windows.items()
        ]
        numbers.masks[0] = frozenset(atom for atom, _, _ in numbers.tallies)
        first_tally, tallies = _tallies_by_atom(numbers.tallies, atoms)
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
            first_tally=first_tally,
            tallies=tallies,
            tagging_row=np.array([self._tagging.get(atom, -1) for atom in range(atoms)], np.int64),
            tag_rules_of=self._tag_rules_by_atom(),
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
        self._versions.append(
            (
                *(number, numbers.stages[rulebook.initial], int(rulebook.pin), *enter, *leave),
                *(first_rule, numbers.mask(tagging), first_card, len(self._cards)),
                *self._looked_at(looked, whens),
            )
        )

    def _looked_at(self, looked: Looked, whens: Iterable[int]) -> tuple[int, int, int, int, int]:
        """The mask of all atoms on which it depends; its windows; its lengths of stay."""
        tallied = [self._numbers.tallies[tally] for tally in sorted(looked.tallies)]
        first_window, first_length = len(self._windows_of), len(self._lengths_of)
        self._windows_of += sorted({window for _, window, _ in tallied if window >= 0})
        self._lengths_of += sorted(looked.lengths)
        mask = self._numbers.mask({*whens, *(atom for atom, _, _ in tallied)})
        return mask, first_window, len(self._windows_of), first_length, len(self._lengths_of)

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
        joined = Looked.joined(looked[place] for place in untimed)
        self._tags_of_moves.append(joined.tags)
        atoms, *besides = self._looked_at(joined, (rows[place][0] for place in untimed if rows[place][0] >= 0))
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


def _tallies_by_atom(tallies: Sequence[Tallied], atoms: int) -> tuple[NDArray[np.int64], Rows]:
    by_atom: list[list[Row]] = [[] for _ in range(atoms)]
    for place, (atom, window, amount) in enumerate(tallies):
        by_atom[atom].append((place, window, amount))
    firsts = np.cumsum([0, *map(len, by_atom)], dtype=np.int64)
    return firsts, np.array([row for rows in by_atom for row in rows], TALLY)


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
