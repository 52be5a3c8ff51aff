"""A row of the customers who differ, as people read it: where each side has her, and why the two part."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from domain.facts import Fact
from domain.instants import Instant, rfc_3339
from domain.journey.in_force import Version
from domain.journey.sentences import sentence
from domain.journey.steps import Cause, Step

Row = Mapping[str, Any]
"""Of ``backtest.differences``, by name of column."""
Side = Literal["published", "candidate"]
SIDES: tuple[Side, Side] = ("published", "candidate")


def first_side(row: Row) -> Side:
    """Whose step comes first in time; at one instant the candidate's."""
    published, candidate = row["published_at"], row["candidate_at"]
    if candidate is None:
        return "published"
    return "published" if published is not None and published < candidate else "candidate"


def step_of(row: Row, side: Side, cause: Fact | None) -> Step | None:
    """The first step that differs, made by a fact if there is a ``cause``; ``None``: this side has no step any more."""
    if row[f"{side}_at"] is None:
        return None
    said = {name: row[f"{side}_{name}"] for name in ("at", "kind", "origin", "target", "tag", "opportunity")}
    return Step(cause=Cause(cause, row[f"{side}_timer"], row[f"{side}_rule"], row[f"{side}_version"]), **said)


def told(
    row: Row,
    customer: str | None,
    versions: Mapping[Side, Sequence[Version]],
    fact_at: Callable[[int], Fact | None],
) -> dict[str, Any]:
    """``versions`` of each side, ``fact_at`` a position of the history. ``because`` is of the side that comes first."""
    steps = {side: step_of(row, side, _cause(row, side, fact_at)) for side in SIDES}
    first = first_side(row)
    made = steps[first]
    assert made is not None
    return {
        "customer": customer,
        **{side: {"stage": row[f"{side}_stage"], "since": _written(row[f"{side}_since"])} for side in SIDES},
        "first": {
            "side": first,
            **{side: step.as_json() if step is not None else None for side, step in steps.items()},
            "because": sentence(made, versions[first]).as_json(),
        },
    }


def _cause(row: Row, side: Side, fact_at: Callable[[int], Fact | None]) -> Fact | None:
    position = row[f"{side}_fact"]
    return None if position is None else fact_at(position)


def _written(at: Instant | None) -> str | None:
    return None if at is None else rfc_3339(at)
