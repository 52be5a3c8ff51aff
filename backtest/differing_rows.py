"""A row of the customers who differ, as people read it: where each side has her, and why the two part."""

from collections.abc import Mapping
from typing import Any, Literal

from domain.facts import Fact
from domain.journey.steps import Cause, Step

Row = Mapping[str, Any]
"""Of ``backtest.differences``, by name of column."""
Side = Literal["published", "candidate"]


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
