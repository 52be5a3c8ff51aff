"""`/v1/journeys` and `/v1/rulebooks`: which journeys there are, their rulebooks, and publishing the first one."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Annotated, Any
from zoneinfo import available_timezones

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.responses import PlainTextResponse

from api.access import Actor, allowed
from api.facts import body_of
from api.problems import BasedOnAnother, BasedOnNothing, fault_json
from api.waiting import caught_up
from api.wiring import Service
from domain.instants import Instant, instant, rfc_3339
from domain.journey.machine import StageMachine
from domain.refusals import Conflict, Fault, NotUnderstood, RulebookUnfit, UnknownJourney, UnknownRulebook
from domain.rulebook.lint import lint
from domain.rulebook.reader import read, rulebook
from domain.strict_json import canonical, parse
from event_log.state import Publication

router = APIRouter(prefix="/v1", tags=["journeys"])


class LaterVersionsToCome(Conflict):
    """This journey has a rulebook already; later versions cannot be published yet."""


@router.get("/journeys", operation_id="listJourneys", dependencies=[Depends(caught_up)])
def journeys(request: Request, _: Annotated[Actor, Depends(allowed("read_customers"))]) -> dict[str, Any]:
    """The journeys that have a rulebook, each with its newest version."""
    service: Service = request.app.state.service
    newest = {found.journey: found for found in service.log.reading.publications()}
    items = [
        {"journey": journey, "title": dict(rulebook(found.document).title), "rulebook": found.version}
        for journey, found in sorted(newest.items())
    ]
    return {"items": items, "next": None}


@router.get("/journeys/{journey}/rulebooks", operation_id="listRulebooks")
def rulebooks(
    request: Request, journey: str, _: Annotated[Actor, Depends(allowed("read_customers"))], full: bool = False
) -> dict[str, Any]:
    """The versions of a journey's rulebook."""
    found = request.app.state.service.log.publications.of(journey)
    if not found:
        raise UnknownJourney()
    return {"items": [_shown(version, full) for version in found], "next": None}


@router.get("/journeys/{journey}/rulebooks/{number}", operation_id="getRulebook")
def one_rulebook(
    request: Request,
    response: Response,
    journey: str,
    number: int,
    _: Annotated[Actor, Depends(allowed("read_customers"))],
) -> dict[str, Any]:
    """One version, with its document."""
    found = _version(request.app.state.service, journey, number)
    response.headers["ETag"] = f'"{found.hash}"'
    return _shown(found, full=True)


@router.get("/journeys/{journey}/rulebooks/{number}/diagram", operation_id="getDiagram")
def diagram(
    request: Request, journey: str, number: int, _: Annotated[Actor, Depends(allowed("read_customers"))]
) -> PlainTextResponse:
    """The stages and moves as a Mermaid diagram."""
    found = _version(request.app.state.service, journey, number)
    return PlainTextResponse(StageMachine(rulebook(found.document)).mermaid())


@router.post("/rulebooks/lint", operation_id="lintRulebook")
def lint_rulebook(
    body: Annotated[bytes, Depends(body_of)], _: Annotated[Actor, Depends(allowed("lint"))]
) -> dict[str, Any]:
    """The findings for a document, sent as YAML or JSON."""
    try:
        return {"findings": [fault_json(finding) for finding in findings_of(_text(body))]}
    except RulebookUnfit as refusal:
        return {"findings": [fault_json(fault) for fault in refusal.faults]}


@router.post("/journeys/{journey}/rulebooks", operation_id="publishRulebook", status_code=201)
def publish(
    request: Request,
    response: Response,
    journey: str,
    actor: Annotated[Actor, Depends(allowed("publish"))],
    body: Annotated[bytes, Depends(body_of)],
    if_match: Annotated[str | None, Header()] = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> dict[str, Any]:
    """Publish the first version of a journey's rulebook."""
    asked = parse(body)
    if not isinstance(asked, dict) or "document" not in asked:
        raise NotUnderstood(faults=[Fault("document is missing.", "/document")])
    if if_match is None and if_none_match is None:
        raise BasedOnNothing()
    document = asked["document"]
    text = document if isinstance(document, str) else canonical(document).decode("utf-8")
    published = publish_first(
        request.app.state.service,
        journey,
        text,
        because=asked.get("because"),
        effective_from=asked.get("effective_from", ""),
        retroactive=asked.get("retroactive", False),
        by=actor.staff or str(actor.key),
        first=if_none_match is not None,
    )
    response.headers["ETag"] = f'"{published.hash}"'
    return _shown(published, full=False)


def findings_of(text: str) -> Sequence[Fault]:
    """Raises ``RulebookUnfit`` where the document cannot even be read."""
    done = read(text)
    return lint(done.document, available_timezones(), done.places)


def publish_first(
    service: Service,
    journey: str,
    text: str,
    *,
    because: object,
    effective_from: object,
    retroactive: object,
    by: str,
    first: bool = True,
) -> Publication:
    """``effective_from``: ``None`` = always, ``""`` = from its publication, else RFC 3339."""
    errors = [finding for finding in findings_of(text) if finding.severity == "error"]
    if errors:
        raise RulebookUnfit(faults=errors)
    if rulebook(text).journey != journey:
        raise RulebookUnfit(faults=[Fault(f"The document is of journey {rulebook(text).journey}.", "/journey")])
    if not isinstance(because, str) or not because.strip():
        raise NotUnderstood(faults=[Fault("Say why, in a text.", "/because")])
    if not (effective_from is None or isinstance(effective_from, str)):
        raise NotUnderstood(faults=[Fault("effective_from is a time, or null for always.", "/effective_from")])
    since = instant(effective_from) if effective_from else None
    content = canonical(read(text).document)

    def decide(present: Sequence[Publication], now: Instant) -> Publication:
        if present and first:
            raise BasedOnAnother(f"There are {len(present)} versions.")
        if present:
            raise LaterVersionsToCome()
        if not first:
            raise BasedOnAnother("There is no version yet.")
        if since is not None and since < now and retroactive is not True:
            raise NotUnderstood('That lies in the past; ask for it by name with "retroactive": true.')
        effective = None if effective_from is None else since if since is not None else now
        return Publication(journey, 1, text, sha256(content).hexdigest(), effective, because, by, now, 0)

    return service.log.publications.publish(journey, decide)


def _version(service: Service, journey: str, number: int) -> Publication:
    found = service.log.publications.of(journey)
    if not found:
        raise UnknownJourney()
    if not 1 <= number <= len(found):
        raise UnknownRulebook()
    return found[number - 1]


def _shown(version: Publication, full: bool) -> dict[str, Any]:
    since = version.effective_from
    shown: dict[str, Any] = {
        "version": version.version,
        "hash": version.hash,
        "published_at": rfc_3339(version.published_at),
        "because": version.because,
        "by": version.by,
        "in_force": {"from": None if since is None else rfc_3339(since), "until": None},
        "position": version.position,
    }
    return shown | ({"document": read(version.document).document} if full else {})


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotUnderstood(f"Byte {error.start} is not UTF-8.") from None
