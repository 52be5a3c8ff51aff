"""Where everyone stands, when that may change next, and when they were where: rows for boards and lists."""

from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from domain.instants import Instant
from domain.journey.beliefs import Belief
from domain.journey.over_time import at_instant
from domain.journey.seller import seller_of, sellers_over_time
from domain.journey.steps import Step

Row = dict[str, Any]


STAGES: Final = frozenset({"entered", "moved", "renamed", "left"})
"""The steps that bring a customer into a stage, or out of it."""


def standing_row(journey: str, customer: UUID, belief: Belief, ahead: Instant | None) -> Row:
    """Where she stands by the newest belief; ``ahead`` is when the next known fact that lies ahead of it happens."""
    standing = belief.folded.standing
    timer = standing.next_timer.at if standing.next_timer is not None else None
    coming = (timer, belief.folded.comes, ahead)
    return {
        "journey": journey,
        "customer": customer,
        "stage": standing.stage,
        "since": standing.since,
        "staff": seller_of(belief.history),
        "tags": sorted(standing.tags),
        "next_due": min((at for at in coming if at is not None), default=None),
    }


def stay_rows(journey: str, customer: UUID, belief: Belief) -> Iterator[Row]:
    """One row a stay in a stage, cut where she was given to another seller."""
    steps = [step for step in belief.folded.steps if step.kind in STAGES]
    sellers = sellers_over_time(belief.history)
    arrival: Step | None = None
    for step, following in zip(steps, [*steps[1:], None], strict=False):
        # Under its new name the stage is the one that was arrived at before.
        arrival = step if arrival is None or step.kind != "renamed" else arrival
        until = following.at if following is not None else None
        # Of several stages in one instant only the last was one to stand in.
        if step.target is None or until == step.at:
            continue
        cause = {**arrival.cause.as_json(), "kind": arrival.kind}
        cuts = [at for at, _ in sellers if at > step.at and (until is None or at < until)]
        for begin, end in zip([step.at, *cuts], [*cuts, until], strict=True):
            yield {
                "journey": journey,
                "customer": customer,
                "from_at": begin,
                "until_at": end,
                "stage": step.target,
                "since": arrival.at,
                "cause": cause,
                "staff": at_instant(sellers, begin),
            }
