"""`/v1/facts`: the door for facts, and the log in order of position."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from api.access import Actor, NotAllowed, allowed
from api.openapi.answers import ErasedFact, Facts, Received, StoredFact
from api.openapi.bodies import CloudEvent
from api.openapi.describing import JSON, READ_BODY, answers, ref, takes
from api.openapi.parameters import FactPosition, FromSource, OfSubject, OfType, WithId
from api.paging import link_next
from api.problems import NotAcceptedType
from api.waiting import caught_up
from api.wiring import Service
from domain.envelope import read_fact
from domain.facts import COMMAND_TYPES, Fact
from domain.instants import Instant, rfc_3339
from domain.refusals import (
    CustomerErased,
    EntryDamaged,
    FactsConflict,
    FactsUnfit,
    Fault,
    NotJson,
    Refusal,
    TooLarge,
    UnknownPosition,
)
from domain.strict_json import parse
from event_log.state import Publication, SealedFact

ONE, BATCH, LINES = "application/cloudevents+json", "application/cloudevents-batch+json", "application/x-ndjson"
LARGEST_BODY = 1024 * 1024
MOST_ITEMS = 1000
LARGEST_EVENT = 256 * 1024

router = APIRouter(prefix="/v1/facts", tags=["facts"])


async def body_of(request: Request) -> bytes:
    """The body, refused as soon as it passes 1 MB, whatever length was announced. Raises ``TooLarge``."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_BODY:
            raise TooLarge("A request has at most 1 MB.")
    return bytes(body)


@router.post(
    "",
    operation_id="sendFacts",
    status_code=201,
    responses=answers(
        {201: Received, 200: Received}, *READ_BODY, FactsUnfit, FactsConflict, CustomerErased, NotAcceptedType
    ),
    openapi_extra=takes(
        {
            ONE: CloudEvent,
            BATCH: {"type": "array", "items": ref(CloudEvent), "maxItems": MOST_ITEMS},
            LINES: {"type": "string", "description": "One event a line."},
        }
    ),
)
def send(
    request: Request,
    response: Response,
    actor: Annotated[Actor, Depends(allowed("write_facts"))],
    body: Annotated[bytes, Depends(body_of)],
) -> dict[str, Any]:
    """Store facts: one CloudEvent, a batch of them, or NDJSON. All or nothing; answered once durable."""
    service: Service = request.app.state.service
    facts = facts_of(_items(request.headers.get("content-type", ""), body), service.log.reading.now() + service.ahead)
    _refuse_commands(facts, actor)
    (outcome,) = service.log.intake.append([facts]) if facts else (None,)
    if isinstance(outcome, Refusal):
        raise outcome
    accepted, duplicates = (outcome.accepted, outcome.duplicates) if outcome is not None else (0, 0)
    response.status_code = 201 if accepted else 200
    return {"accepted": accepted, "duplicates": duplicates, "position": outcome.position if outcome is not None else 0}


def facts_of(items: Sequence[Any], latest: Instant) -> list[Fact]:
    """Raises ``FactsUnfit`` with every fault, each with its item's index."""
    facts: list[Fact] = []
    faults: list[Fault] = []
    for index, item in enumerate(items):
        read = read_fact(item, latest=latest)
        if isinstance(read, Fact):
            facts.append(read)
        else:
            faults += [replace(fault, index=index) for fault in read]
    if faults:
        raise FactsUnfit(faults=faults)
    return facts


@router.get(
    "",
    operation_id="listFacts",
    dependencies=[Depends(caught_up)],
    responses=answers(Facts, EntryDamaged, headers=("Link",)),
)
def page(
    request: Request,
    response: Response,
    _: Annotated[Actor, Depends(allowed("read_log"))],
    after: Annotated[int, Query(ge=0, lt=2**62, description="Only what lies behind this position.")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000, description="So many facts at most.")] = 100,
    type: OfType = None,
    subject: OfSubject = None,
    source: FromSource = None,
    id: WithId = None,
) -> dict[str, Any]:
    """The log in order of position; with ``source`` and ``id`` the one fact of that identity."""
    reading = request.app.state.service.log.reading
    if source is not None and id is not None:
        found = reading.fact(source, id)
        return {"items": [shown(found)] if found is not None else [], "next": None}
    found_page = reading.page(after, limit, type=type, subject=subject)
    more = found_page.looked_at > after
    if more:
        link_next(request, response, after=found_page.looked_at)
    return {
        "items": [shown(fact) for fact in found_page.facts],
        "next": str(found_page.looked_at) if more else None,
    }


@router.get(
    "/{position}",
    operation_id="getFact",
    responses=answers({200: {JSON: {"anyOf": [ref(StoredFact), ref(ErasedFact)]}}}, UnknownPosition, EntryDamaged),
)
def one(request: Request, position: FactPosition, _: Annotated[Actor, Depends(allowed("read_log"))]) -> dict[str, Any]:
    """The fact at a position."""
    if not 0 < position < 2**62:
        raise UnknownPosition()
    found = request.app.state.service.log.reading.at(position)
    if isinstance(found, Publication):
        raise UnknownPosition()
    return shown(found)


def shown(fact: Fact | SealedFact) -> dict[str, Any]:
    """The CloudEvent with ``position`` and ``recordedat``; of an erased customer's only what stayed public."""
    if isinstance(fact, Fact):
        return fact.event()
    return {
        "specversion": "1.0",
        "type": fact.type,
        "time": rfc_3339(fact.occurred_at),
        "recordedat": rfc_3339(fact.recorded_at),
        "position": fact.position,
        "data": dict(fact.data),
        "erased": True,
    }


def _items(content_type: str, body: bytes) -> list[Any]:
    media = content_type.partition(";")[0].strip().lower()
    if media == ONE:
        items = [(parse(body), len(body))]
    elif media == BATCH:
        batch = parse(body)
        if not isinstance(batch, list):
            raise FactsUnfit(faults=[Fault("A batch is a JSON array of events.")])
        # Every item is smaller than the whole; the log measures each again.
        items = [(item, 0) for item in batch]
    elif media == LINES:
        items = [(_line(number, line), len(line)) for number, line in enumerate(body.split(b"\n"), 1) if line.strip()]
    else:
        raise NotAcceptedType(f"Send {ONE}, {BATCH} or {LINES}.")
    if len(items) > MOST_ITEMS:
        raise TooLarge(f"A request has at most {MOST_ITEMS} facts.")
    large = [
        Fault("An event has at most 256 kB.", index=n) for n, (_, size) in enumerate(items) if size > LARGEST_EVENT
    ]
    if large:
        raise TooLarge(faults=large)
    return [item for item, _ in items]


def _line(number: int, line: bytes) -> Any:
    try:
        return parse(line)
    except NotJson as refusal:
        raise NotJson(f"Line {number} of the body. {refusal.detail}") from None


def _refuse_commands(facts: Sequence[Fact], actor: Actor) -> None:
    made_by_commands = {fact.type for fact in facts} & COMMAND_TYPES
    if made_by_commands and actor.role != "admin":
        raise NotAllowed(f"{', '.join(sorted(made_by_commands))} comes from commands; sent as a fact it needs admin.")
