"""All rows of the customers of a batch: their beliefs folded, journey by journey, and told as the tables tell them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from batch_fold.columns import Batch, Needs
from batch_fold.folds import NEVER
from batch_fold.masks import masks_of
from batch_fold.program import Program, program_of
from batch_fold.stretches import told
from batch_fold.together import parts
from domain.instants import Instant
from domain.journey.in_force import Version, in_order
from projections.batch_build_believed import joined, together
from projections.batch_build_cards import card_rows
from projections.batch_build_copied import Copied, copied_sellers
from projections.batch_build_identities import Identities
from projections.batch_build_stays import causes, causing_positions, standing_rows, stay_rows
from projections.batch_build_told import NEEDED, Facts, Told
from projections.batch_build_trail import trail_rows

AT_ONCE = 2_000_000
"""So many facts are folded at once, each counted as often as there are versions."""

Copies = Iterable[tuple[str, bytes]]
"""Rows of tables, as they are copied."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A journey and its versions. ``published`` are the instants from which on runs 1, 2 ... of the program are known;
    ``comes`` is when a version comes into force next, or ``NEVER``."""

    journey: str
    program: Program
    published: tuple[Instant, ...]
    comes: Instant


def judged(journey: str, versions: Sequence[Version], until: Instant) -> Judged:
    published = sorted({version.published_at for version in versions})
    runs = [[one for one in versions if one.published_at <= instant] for instant in published]
    ahead = [version.effective_from for version in in_order(versions) if version.effective_from > until]
    return Judged(journey, program_of([[], *runs]), tuple(published), min(ahead, default=NEVER))


class BatchRows:
    """Everything that was believed up to ``until``."""

    def __init__(self, journeys: Sequence[Judged], until: Instant) -> None:
        self._journeys = journeys
        self._until = until
        self.needs = _united([NEEDED, *(one.program.needs for one in journeys)])

    def of(self, batch: Batch, identities: Identities) -> Copies:
        """The rows of all customers of a batch, none of whom has a void."""
        yield "sellers", copied_sellers(batch, self._sellers(batch))
        for one in self._journeys:
            for part in parts(batch, AT_ONCE // (1 + len(one.published))):
                yield from self._of_journey(one, part, identities)

    def _sellers(self, batch: Batch) -> NDArray[np.int64]:
        starts = batch.columns.starts
        happened = np.concatenate([np.zeros(1, np.int64), np.cumsum(batch.columns.at <= self._until)])
        facts = Facts(batch, starts, np.arange(batch.columns.facts), happened[starts[1:]] - happened[starts[:-1]])
        return facts.sellers().at_end()

    def _of_journey(self, one: Judged, batch: Batch, identities: Identities) -> Copies:
        masks = masks_of(batch.columns, one.program)
        copied = Copied(batch, one.journey, masks.names)
        trails, cards = [], []
        stretches = np.zeros(batch.columns.customers, np.int64)
        for some, folds in told(one.program, batch, masks, one.published, self._until):
            found = Told(one.journey, batch, some, folds)
            trails.append(trail_rows(found))
            cards.append(card_rows(found))
            stretches += np.bincount(some.customer, minlength=len(stretches))
            yield "standing", copied.standing(*standing_rows(found, one.comes))
            stays = stay_rows(found)
            causing = identities.of(causing_positions(found, stays["arrival"]))
            yield "stays", copied.stays(stays, causes(found, stays["arrival"], causing))
        if trails:
            yield "trail", copied.trail(joined(together(trails), stretches > 1))
            yield "opportunities", copied.opportunities(joined(together(cards), stretches > 1))


def _united(needs: Iterable[Needs]) -> Needs:
    fields: dict[str, frozenset[str] | None] = {}
    attributes: frozenset[str] = frozenset()
    for one in needs:
        attributes |= one.attributes
        for name, types in one.fields.items():
            before = fields.get(name, frozenset())
            fields[name] = None if types is None or before is None else before | types
    return Needs(fields, attributes)
