"""Who would stand elsewhere: stages under the published rules on the left, under the candidate on the right."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 560
BANDS_TALL: Final = 240
"""How tall all bands together are, in units of the picture; the gaps come on top."""
THINNEST: Final = 2.0
GAP: Final = 20
NODE: Final = 8
MOST_BANDS: Final = 60
"""The widest; those left out are in the table beside the picture."""

Stage = str | None
"""``None``: off the journey."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Customers who stand in ``published`` under the published rules and would stand in ``candidate``."""

    published: Stage
    candidate: Stage
    customers: int


@dataclass(frozen=True, slots=True)
class Node:
    stage: Stage
    customers: int
    x: float
    y: float
    tall: float


@dataclass(frozen=True, slots=True)
class Band:
    """``path`` is the ``d`` of a closed path."""

    pair: Pair
    path: str


@dataclass(frozen=True, slots=True)
class FlowPicture:
    """``left_out``: bands too many to draw."""

    bands: Sequence[Band]
    left: Sequence[Node]
    right: Sequence[Node]
    height: float
    left_out: int
    width: int = WIDTH
    node: int = NODE


def flow_picture(pairs: Sequence[Pair], order: Sequence[Stage]) -> FlowPicture:
    """Who stays is not drawn: the many would hide the few. Stages from top to bottom in the given order."""
    elsewhere = [pair for pair in pairs if pair.published != pair.candidate]
    drawn = sorted(elsewhere, key=lambda pair: -pair.customers)[:MOST_BANDS]
    place = {stage: number for number, stage in enumerate(order)}
    drawn.sort(key=lambda pair: (place[pair.published], place[pair.candidate]))
    unit = BANDS_TALL / max(sum(pair.customers for pair in drawn), 1)
    thick = [max(pair.customers * unit, THINNEST) for pair in drawn]

    left, starts = _side(drawn, thick, [pair.published for pair in drawn], order, 0)
    right, ends = _side(drawn, thick, [pair.candidate for pair in drawn], order, WIDTH - NODE)
    bands = [Band(*band) for band in zip(drawn, map(_band, starts, ends, thick), strict=True)]
    # A thin band lies above a wide one, so that it can be seen and clicked where they cross.
    bands.sort(key=lambda band: -band.pair.customers)
    height = max((node.y + node.tall for node in (*left, *right)), default=0)
    return FlowPicture(bands, left, right, round(height + GAP / 2, 1), len(elsewhere) - len(drawn))


def _side(
    pairs: Sequence[Pair], thick: Sequence[float], stages: Sequence[Stage], order: Sequence[Stage], x: float
) -> tuple[list[Node], list[float]]:
    """The nodes of one side, and where each band meets its node, from its upper edge."""
    nodes: list[Node] = []
    meets = [0.0] * len(pairs)
    y = GAP / 2
    for stage in order:
        own = [number for number, one in enumerate(stages) if one == stage]
        if not own:
            continue
        top = y
        for number in own:
            meets[number], y = y, y + thick[number]
        nodes.append(Node(stage, sum(pairs[number].customers for number in own), x, round(top, 1), round(y - top, 1)))
        y += GAP
    return nodes, meets


def _band(start: float, end: float, thick: float) -> str:
    near, middle, far = NODE, WIDTH / 2, WIDTH - NODE
    a, b, c, d = (f"{y:.1f}" for y in (start, end, end + thick, start + thick))
    return f"M{near} {a}C{middle:g} {a} {middle:g} {b} {far} {b}L{far} {c}C{middle:g} {c} {middle:g} {d} {near} {d}Z"
