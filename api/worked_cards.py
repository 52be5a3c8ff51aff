"""`/v1/opportunities/{id}/done`, `/skip`, `/snooze`: working what stands on the board."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from api.access import Actor, allowed
from api.commands import (
    DECIDED,
    Body,
    answered,
    decided,
    named,
    read_texts,
    texts_of,
    unknown_to_sellers,
    versions_of,
)
from api.idempotency import Id
from api.openapi.answers import WorkedCard
from api.openapi.bodies import Note, Snooze
from api.openapi.describing import JSON, answers, takes
from api.openapi.parameters import Opportunity
from api.opportunity_ids import digest_of, parts_of
from api.wiring import Service
from domain.facts import Fact
from domain.instants import instant, rfc_3339
from domain.journey.worked_cards import rest_of_card
from domain.refusals import CustomerErased, EntryDamaged, NotAnInstant, NotOpen, UnknownOpportunity
from event_log.deciding import Command, Decided
from event_log.published import versions_by_journey
from event_log.state import Publication

Worked = Literal["opportunity.done", "opportunity.skipped", "opportunity.snoozed"]

MAY_WORK = allowed("work")
WORKED = (*DECIDED, UnknownOpportunity, NotOpen)

router = APIRouter(prefix="/v1/opportunities", tags=["opportunities"], dependencies=[Depends(MAY_WORK)])


class Working:
    """The request to work a card, whichever way."""

    def __init__(
        self,
        request: Request,
        response: Response,
        opportunity: Opportunity,
        actor: Annotated[Actor, Depends(MAY_WORK)],
        id: Id,
        body: Body,
    ) -> None:
        self._service: Service = request.app.state.service
        self._response = response
        self._opportunity = opportunity
        self._actor = actor
        self._id = id
        self._body = body

    def done_as(self, type: Worked) -> dict[str, Any]:
        done = work(self._service, self._actor, self._opportunity, type, read_texts(self._body), self._id)
        return answered(self._response, done) | {"facts": [named(fact) for fact in done.facts]}


Asked = Annotated[Working, Depends()]


@router.post(
    "/{opportunity}/done",
    operation_id="opportunityDone",
    status_code=201,
    responses=answers({201: WorkedCard, 200: WorkedCard}, *WORKED),
    openapi_extra=takes({JSON: Note}, required=False),
)
def done(asked: Asked) -> dict[str, Any]:
    """Say that an opportunity was worked, with all that stands on the same card."""
    return asked.done_as("opportunity.done")


@router.post(
    "/{opportunity}/skip",
    operation_id="opportunitySkip",
    status_code=201,
    responses=answers({201: WorkedCard, 200: WorkedCard}, *WORKED),
    openapi_extra=takes({JSON: Note}, required=False),
)
def skip(asked: Asked) -> dict[str, Any]:
    """Say that an opportunity will not be worked, with all that stands on the same card."""
    return asked.done_as("opportunity.skipped")


@router.post(
    "/{opportunity}/snooze",
    operation_id="opportunitySnooze",
    status_code=201,
    responses=answers({201: WorkedCard, 200: WorkedCard}, *WORKED, NotAnInstant),
    openapi_extra=takes({JSON: Snooze}),
)
def snooze(asked: Asked) -> dict[str, Any]:
    """Hide an opportunity until an instant, with all that stands on the same card; nothing else changes."""
    return asked.done_as("opportunity.snoozed")


def work(service: Service, actor: Actor, opportunity: str, type: Worked, asked: object, id: str) -> Decided:
    """Work a card: ``asked`` has the text ``until`` of a snooze, else perhaps a ``note``.

    Raises ``NotUnderstood``, ``NotAnInstant``, ``UnknownOpportunity``, ``CustomerErased``, ``NotOpen`` and what the log
    raises.
    """
    if type == "opportunity.snoozed":
        said = {"until": rfc_3339(instant(texts_of(asked, {"until"})["until"]))}
    else:
        said = texts_of(asked, (), {"note"})
    number, opened_at, digest = parts_of(opportunity)
    with unknown_to_sellers(actor, UnknownOpportunity):
        customer = _customer_of(service, number)
    journey, rule = _rule_of(service, digest)

    def decide(worked: Fact, known: Sequence[Fact], publications: Sequence[Publication]) -> Sequence[Fact]:
        return rest_of_card(worked, known, versions_of(publications, journey))

    data = {"journey": journey, "rule": rule, "opened_at": rfc_3339(opened_at), **said, "by": actor.name}
    return decided(service, actor, Command(type, customer, data, id), decide, UnknownOpportunity)


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
