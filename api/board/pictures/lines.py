"""A small picture of lines over days or over values tried: both sides in one, told apart by stroke, not by colour."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from api.board.pictures.scale import axis

WIDTH: Final = 320
HEIGHT: Final = 120
LEFT, RIGHT, TOP, BOTTOM = 46, 10, 8, 20

Values = Sequence[float | None]
"""One per place of the axis; ``None`` leaves a gap."""


@dataclass(frozen=True, slots=True)
class Line:
    """``side`` is whose line it is and chooses its stroke; ``path`` is the ``d`` of a path, ``dots`` its points."""

    side: str
    path: str
    dots: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Tick:
    """A value at a place of an axis, in units of the picture; ``anchor`` keeps a text at an end inside of it."""

    at: float
    value: float | str
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class LinePicture:
    lines: Sequence[Line]
    across: Sequence[Tick]
    up: Sequence[Tick]
    width: int
    right: int
    left: int = LEFT
    height: int = HEIGHT


def line_picture(
    sides: Mapping[str, Values], names: Sequence[str], marks: Sequence[int], least: float = 1, width: int = WIDTH
) -> LinePicture:
    """``names`` are those of the places, one for each value of a side; ``marks`` the places whose name is written.

    ``least`` is the smallest step of the upright axis: 1 for what is counted.
    """
    upright = axis([value for values in sides.values() for value in values if value is not None], least)
    tall, wide = HEIGHT - TOP - BOTTOM, width - LEFT - RIGHT
    last = max(len(names) - 1, 1)

    def across(place: int) -> float:
        # A single place stands in the middle.
        return round(LEFT + wide * (place / last if len(names) > 1 else 0.5), 1)

    def up(value: float) -> float:
        return round(TOP + tall * (1 - upright.share(value)), 1)

    lines = []
    for side, values in sides.items():
        points = [None if value is None else (across(place), up(value)) for place, value in enumerate(values)]
        lines.append(Line(side, _path(points), [point for point in points if point is not None]))
    return LinePicture(
        lines,
        [Tick(across(place), names[place], _anchor(place, len(names))) for place in marks],
        [Tick(up(value), value) for value in upright.ticks],
        width,
        right=width - RIGHT,
    )


def ends(count: int) -> list[int]:
    """First and last place, the marks of a row of days."""
    return sorted({0, count - 1}) if count else []


def _path(points: Sequence[tuple[float, float] | None]) -> str:
    """Straight from point to point; a gap lifts the pen."""
    drawn, down = [], False
    for point in points:
        if point is not None:
            drawn.append(f"{'L' if down else 'M'}{point[0]:g} {point[1]:g}")
        down = point is not None
    return "".join(drawn)


def _anchor(place: int, count: int) -> str:
    if count == 1 or 0 < place < count - 1:
        return "middle"
    return "start" if place == 0 else "end"
