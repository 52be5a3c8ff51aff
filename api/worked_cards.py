"""`/v1/opportunities/{id}/done`, `/skip`, `/snooze`: working what stands on the board."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from api.access import Actor, allowed
from api.commands import Body, answered, is_anothers, name_of, named, texts_of, unknown_to_sellers, versions_of
from api.idempotency import Id
from api.opportunity_ids import digest_of, parts_of
from api.wiring import Service
from domain.facts import Fact
from domain.instants import instant, rfc_3339
from domain.journey.worked_cards import rest_of_card
from domain.refusals import CustomerErased, EntryDamaged, UnknownOpportunity
from event_log.deciding import Command
from event_log.published import versions_by_journey
from event_log.state import Publication

router = APIRouter(prefix="/v1/opportunities", tags=["opportunities"])


@router.post("/{opportunity}/done", operation_id="opportunityDone", status_code=201)
def done(
    request: Request,
    response: Response,
    opportunity: str,
    actor: Annotated[Actor, Depends(allowed("work"))],
    id: Id,
    body: Body,
) -> dict[str, Any]:
    """Say that an opportunity was worked, with all that stands on the same card."""
    said = texts_of(body, (), {"note"})
    return _worked(request, response, opportunity, actor, id, "opportunity.done", said)


@router.post("/{opportunity}/skip", operation_id="opportunitySkip", status_code=201)
def skip(
    request: Request,
    response: Response,
    opportunity: str,
    actor: Annotated[Actor, Depends(allowed("work"))],
    id: Id,
    body: Body,
) -> dict[str, Any]:
    """Say that an opportunity will not be worked, with all that stands on the same card."""
    said = texts_of(body, (), {"note"})
    return _worked(request, response, opportunity, actor, id, "opportunity.skipped", said)


@router.post("/{opportunity}/snooze", operation_id="opportunitySnooze", status_code=201)
def snooze(
    request: Request,
    response: Response,
    opportunity: str,
    actor: Annotated[Actor, Depends(allowed("work"))],
    id: Id,
    body: Body,
) -> dict[str, Any]:
    """Hide an opportunity until an instant, with all that stands on the same card; nothing else changes."""
    until = rfc_3339(instant(texts_of(body, {"until"})["until"]))
    return _worked(request, response, opportunity, actor, id, "opportunity.snoozed", {"until": until})


def _worked(
    request: Request, response: Response, opportunity: str, actor: Actor, id: str, type: str, said: dict[str, str]
) -> dict[str, Any]:
    service: Service = request.app.state.service
    number, opened_at, digest = parts_of(opportunity)
    with unknown_to_sellers(actor, UnknownOpportunity):
        customer = _customer_of(service, number)
    journey, rule = _rule_of(service, digest)

    def decide(worked: Fact, known: Sequence[Fact], publications: Sequence[Publication]) -> Sequence[Fact]:
        if is_anothers(actor, known, worked.occurred_at):
            raise UnknownOpportunity()
        return rest_of_card(worked, known, versions_of(publications, journey))

    data = {"journey": journey, "rule": rule, "opened_at": rfc_3339(opened_at), **said, "by": name_of(actor)}
    done = service.log.decisions.append(Command(type, customer, data, id), decide)
    return answered(service, response, actor, done) | {"facts": [named(fact) for fact in done.facts]}


def _customer_of(service: Service, number: UUID) -> str:
    """Raises ``UnknownOpportunity``, ``CustomerErased``, ``EntryDamaged``."""
    found = service.log.reading.customers([number], service.log.reading.head()).get(number)
    if found is None:
        raise UnknownOpportunity()
    if isinstance(found, EntryDamaged):
        raise found
    if found.subject is None:
        raise CustomerErased()
    return found.subject


def _rule_of(service: Service, digest: bytes) -> tuple[str, str]:
    """Journey and rule; a rule of any version, since an opportunity may be older than the newest."""
    for journey, versions in versions_by_journey(service.log.reading.publications()).items():
        for rule in {rule.id for version in versions for rule in version.rulebook.opportunities}:
            if digest_of(journey, rule) == digest:
                return journey, rule
    raise UnknownOpportunity()
