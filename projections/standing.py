"""Where everyone stands, when that may change next, and when they were where: rows for boards and lists."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from domain.facts import Fact
from domain.history import in_fold_order
from domain.instants import LATEST, Instant
from domain.journey.beliefs import Belief
from domain.journey.over_time import at_instant
from domain.journey.seller import seller_of, sellers_over_time
from domain.journey.steps import Step

Row = dict[str, Any]


def standing_row(journey: str, customer: UUID, facts: Sequence[Fact], belief: Belief) -> Row:
    """Where she stands by the newest belief; ``facts`` are all there are, also those that lie ahead of it."""
    standing = belief.folded.standing
    timer = standing.next_timer.at if standing.next_timer is not None else None
    coming = (timer, belief.folded.comes, _ahead(facts, belief.until))
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
    steps = [step for step in belief.folded.steps if step.kind in ("entered", "moved", "renamed", "left")]
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


def _ahead(facts: Sequence[Fact], until: Instant) -> Instant | None:
    """When the next stored fact that has not happened yet will have."""
    if all(fact.occurred_at <= until for fact in facts):
        return None
    later = (fact.occurred_at for fact in in_fold_order(facts, LATEST))
    return min((at for at in later if at > until), default=None)
