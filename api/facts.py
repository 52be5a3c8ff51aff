"""`/v1/facts`: the door for facts, and the log in order of position."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.concurrency import run_in_threadpool

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
    TooLarge,
    UnknownPosition,
)
from domain.strict_json import parse
from event_log.judging import Stored
from event_log.request_queue import Answer
from event_log.state import Publication, SealedFact

ONE, BATCH, LINES = "application/cloudevents+json", "application/cloudevents-batch+json", "application/x-ndjson"
LARGEST_BODY = 1024 * 1024
MOST_ITEMS = 1000
LARGEST_EVENT = 256 * 1024
READ_AT_ONCE = 16 * 1024
"""Bytes of a body that is read where it arrives; a larger one is read in a thread and holds nobody else up."""

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
async def send(
    request: Request,
    actor: Annotated[Actor, Depends(allowed("write_facts"))],
    body: Annotated[bytes, Depends(body_of)],
) -> Response:
    """Store facts: one CloudEvent, a batch of them, or NDJSON. All or nothing; answered once durable."""
    service: Service = request.app.state.service
    stored = await store(
        service,
        actor,
        len(body),
        lambda latest: facts_of(_items(request.headers.get("content-type", ""), body), latest),
    )
    told = f'{{"accepted":{stored.accepted},"duplicates":{stored.duplicates},"position":{stored.position}}}'
    return Response(told, 201 if stored.accepted else 200, media_type=JSON)


async def store(service: Service, actor: Actor, size: int, read: Callable[[Instant], Sequence[Fact]]) -> Stored:
    """Store what ``read`` makes of a body of ``size`` bytes, given the latest instant that a fact may have; durable.

    Raises what ``read`` does, ``NotAllowed``, and what the log refuses.
    """
    loop = asyncio.get_running_loop()
    begun = loop.time()
    latest = await service.clock.now() + service.ahead
    answered: asyncio.Future[Stored] = loop.create_future()

    def settle(answer: Answer) -> None:
        # Where the loop has ended nobody waits any more.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(_settle, answered, answer)

    def line_up() -> None:
        facts = read(latest)
        _refuse_commands(facts, actor)
        if facts:
            service.committing.put(facts, settle, waited=loop.time() - begun)
        else:
            settle(Stored(0, 0, 0))

    if size <= READ_AT_ONCE:
        line_up()
    else:
        await run_in_threadpool(line_up)
    return await answered


def _settle(answered: asyncio.Future[Stored], answer: Answer) -> None:
    if answered.done():
        return
    if isinstance(answer, Stored):
        answered.set_result(answer)
    else:
        answered.set_exception(answer)


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
