"""`/v1/customers/{customer}/journeys/{journey}/why`: one sentence for the present stage, a tag or an opportunity."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends

from api.customers import ASKED_OF_A_JOURNEY, Cuts, known_at_cuts
from api.openapi.describing import answers
from api.openapi.parameters import AboutOpportunity, AboutTag, Customer, Journey
from api.openapi.standings import Explanation
from api.seen import SeenCustomers
from api.waiting import caught_up
from domain.history import in_fold_order
from domain.journey.fold import Folded, fold
from domain.journey.sentences import NEVER_ENTERED, sentence
from domain.journey.steps import Step
from domain.refusals import CustomerErased, NotUnderstood, OpportunityNeverOpen, UnknownTag

router = APIRouter(prefix="/v1/customers", tags=["customers"], dependencies=[Depends(caught_up)])


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be explained: a tag, an opportunity by its rule's id, or else the present stage."""

    tag: AboutTag = None
    opportunity: AboutOpportunity = None


@router.get(
    "/{customer:path}/journeys/{journey}/why",
    operation_id="explain",
    responses=answers(Explanation, *ASKED_OF_A_JOURNEY, UnknownTag, OpportunityNeverOpen, CustomerErased),
)
def why(
    service: SeenCustomers,
    customer: Customer,
    journey: Journey,
    asked: Annotated[Asked, Depends()],
    cuts: Annotated[Cuts, Depends()],
) -> dict[str, Any]:
    """Why the customer stands there, or has that tag or opportunity or has it no more: the step and its sentence."""
    known, versions = known_at_cuts(service, customer, journey, cuts)
    if known.erased:
        raise CustomerErased("What was derived of her is told by her trail.")
    folded = fold(in_fold_order(known.facts, cuts.as_of), versions, cuts.as_of)
    about, step = _explained(asked, folded)
    return {
        "customer": customer,
        "journey": journey,
        "about": about,
        "sentence": (NEVER_ENTERED if step is None else sentence(step, versions)).as_json(),
        "step": None if step is None else step.as_json(),
        **cuts.as_json(),
    }


def _explained(asked: Asked, folded: Folded) -> tuple[dict[str, Any], Step | None]:
    """What the answer is about, and the step that made it so; ``None`` for who was never on the journey."""
    if asked.tag is not None and asked.opportunity is not None:
        raise NotUnderstood("Give either tag or opportunity.")
    if asked.tag is not None:
        step = _last(folded.steps, lambda step: step.tag == asked.tag)
        if step is None:
            raise UnknownTag()
        return {"tag": asked.tag}, step
    if asked.opportunity is not None:
        step = _last(folded.steps, lambda step: step.opportunity == asked.opportunity)
        if step is None:
            raise OpportunityNeverOpen()
        return {"opportunity": asked.opportunity}, step
    changes_stage = ("entered", "moved", "renamed", "left")
    return {"stage": folded.standing.stage}, _last(folded.steps, lambda step: step.kind in changes_stage)


def _last(steps: Sequence[Step], fits: Callable[[Step], bool]) -> Step | None:
    """The last change is the one that holds: what came is there until it went."""
    return next((step for step in reversed(steps) if fits(step)), None)
