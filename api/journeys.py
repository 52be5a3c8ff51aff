"""`/v1/journeys` and `/v1/rulebooks`: which journeys there are, their rulebooks, and publishing."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import PlainTextResponse

from api.access import Actor, allowed
from api.facts import body_of
from api.idempotency import Key
from api.openapi.bodies import Draft
from api.openapi.describing import JSON, READ_BODY, TEXT, YAML, answers, takes
from api.openapi.parameters import IfMatch, IfNoneMatch, Journey, VersionNumber
from api.openapi.published import Findings, Journeys, Rulebook, Rulebooks
from api.problems import BasedOnAnother, BasedOnNothing, fault_json
from api.publishing import BasedOn, draft_of, etag, findings_of, first, made_before, publish, shown
from api.seen import SeenCustomers
from api.waiting import caught_up
from api.wiring import Service
from domain.journey.machine import StageMachine
from domain.refusals import (
    AnotherPublished,
    NotAnInstant,
    NotUnderstood,
    RulebookUnfit,
    TooLarge,
    UnknownJourney,
    UnknownRulebook,
)
from domain.rulebook.reader import rulebook
from event_log.state import Publication

router = APIRouter(prefix="/v1", tags=["journeys"])


@router.get("/journeys", operation_id="listJourneys", dependencies=[Depends(caught_up)], responses=answers(Journeys))
def journeys(service: SeenCustomers) -> dict[str, Any]:
    """The journeys that have a rulebook, each with its newest version."""
    newest = {found.journey: found for found in service.log.reading.publications()}
    items = [
        {"journey": journey, "title": dict(rulebook(found.document).title), "rulebook": found.version}
        for journey, found in sorted(newest.items())
    ]
    return {"items": items, "next": None}


@router.get("/journeys/{journey}/rulebooks", operation_id="listRulebooks", responses=answers(Rulebooks, UnknownJourney))
def rulebooks(
    service: SeenCustomers,
    journey: Journey,
    full: Annotated[bool, Query(description="With their documents.")] = False,
) -> dict[str, Any]:
    """The versions of a journey's rulebook."""
    found = service.log.publications.of(journey)
    if not found:
        raise UnknownJourney()
    return {"items": [shown(version, found, full) for version in found], "next": None}


@router.get(
    "/journeys/{journey}/rulebooks/{number}",
    operation_id="getRulebook",
    responses=answers(Rulebook, UnknownJourney, UnknownRulebook, headers=("ETag",)),
)
def one_rulebook(service: SeenCustomers, response: Response, journey: Journey, number: VersionNumber) -> dict[str, Any]:
    """One version, with its document."""
    found, versions = _version(service, journey, number)
    response.headers["ETag"] = etag(found)
    return shown(found, versions, full=True)


@router.get(
    "/journeys/{journey}/rulebooks/{number}/diagram",
    operation_id="getDiagram",
    response_class=PlainTextResponse,
    responses=answers({200: {TEXT: {"type": "string"}}}, UnknownJourney, UnknownRulebook),
)
def diagram(service: SeenCustomers, journey: Journey, number: VersionNumber) -> PlainTextResponse:
    """The stages and moves as a Mermaid diagram."""
    found, _versions = _version(service, journey, number)
    return PlainTextResponse(StageMachine(rulebook(found.document)).mermaid())


@router.post(
    "/rulebooks/lint",
    operation_id="lintRulebook",
    responses=answers(Findings, NotUnderstood, TooLarge),
    openapi_extra=takes({YAML: {"description": "A rulebook."}, JSON: {"description": "A rulebook."}}, required=False),
)
def lint_rulebook(
    body: Annotated[bytes, Depends(body_of)], _: Annotated[Actor, Depends(allowed("lint"))]
) -> dict[str, Any]:
    """The findings for a document, sent as YAML or JSON."""
    try:
        return {"findings": [fault_json(finding) for finding in findings_of(_text(body))]}
    except RulebookUnfit as refusal:
        return {"findings": [fault_json(fault) for fault in refusal.faults]}


@router.post(
    "/journeys/{journey}/rulebooks",
    operation_id="publishRulebook",
    status_code=201,
    responses=answers(
        {201: Rulebook, 200: Rulebook},
        *READ_BODY,
        RulebookUnfit,
        NotAnInstant,
        AnotherPublished,
        BasedOnAnother,
        BasedOnNothing,
        headers=("ETag",),
    ),
    openapi_extra=takes({JSON: Draft}),
)
def publish_rulebook(
    request: Request,
    response: Response,
    journey: Journey,
    actor: Annotated[Actor, Depends(allowed("publish"))],
    body: Annotated[bytes, Depends(body_of)],
    key: Key,
    if_match: IfMatch = None,
    if_none_match: IfNoneMatch = None,
) -> dict[str, Any]:
    """Publish a version of a journey's rulebook, based on the newest."""
    service: Service = request.app.state.service
    draft = draft_of(body)
    published = made_before(service, journey, draft, key)
    if published is None:
        published = publish(service, journey, draft, actor.name, _based_on(if_match, if_none_match), key)
    else:
        response.status_code = 200
    response.headers["ETag"] = etag(published)
    return shown(published, service.log.publications.of(journey), full=False)


def _based_on(if_match: str | None, if_none_match: str | None) -> BasedOn:
    if if_none_match is not None and if_none_match.strip() == "*":
        return first
    if if_match is None:
        raise BasedOnNothing()
    tags = {tag.strip() for tag in if_match.split(",")}
    return lambda newest: newest is not None and (etag(newest) in tags or "*" in tags)


def _version(service: Service, journey: str, number: int) -> tuple[Publication, Sequence[Publication]]:
    """One version, and all of its journey's."""
    found = service.log.publications.of(journey)
    if not found:
        raise UnknownJourney()
    if not 1 <= number <= len(found):
        raise UnknownRulebook()
    return found[number - 1], found


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotUnderstood(f"Byte {error.start} is not UTF-8.") from None
