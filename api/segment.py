"""`/v1/batch`, `/v1/track` and their like: facts from the clients that Segment and RudderStack publish."""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBasic, HTTPBasicCredentials, HTTPBearer
from starlette.requests import HTTPConnection

from api.access import Actor, Allowed, NotAuthenticated
from api.facts import LARGEST_BODY, MOST_ITEMS, body_of, store
from api.openapi.answers import ReceivedMessages
from api.openapi.describing import JSON, READ_BODY, answers, takes
from api.openapi.messages import BY_KIND, Batch
from api.problems import NotAcceptedType, problem_name
from api.segment_gzip import NotGzip, unpacked
from api.segment_messages import KINDS, read_message
from domain.facts import Fact
from domain.instants import Instant
from domain.refusals import CustomerErased, FactsConflict, FactsUnfit, Fault, Refusal, TooLarge
from domain.strict_json import parse


class AsClientsRead(APIRoute):
    """A route whose refusals say what these clients read of them, so that none is sent again in vain."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def told(request: Request) -> Response:
            try:
                return await handle(request)
            except Refusal as refusal:
                raise as_clients_read(refusal) from None

        return told


def as_clients_read(refusal: Refusal) -> Refusal:
    """To RudderStack's client a problem without `code` is a lost connection; to Segment's a 410 is one that passes."""
    if isinstance(refusal, CustomerErased):
        refusal = FactsUnfit(refusal.sentence(), refusal.faults)
    message = " ".join(map(str, (refusal, *refusal.faults[:1])))
    refusal.present |= {"code": problem_name(type(refusal)), "message": message}
    return refusal


class _Basic(HTTPBasic):
    """What is no Basic authentication is none; the library answers it with a problem of no type."""

    async def __call__(self, request: HTTPConnection) -> HTTPBasicCredentials | None:  # type: ignore[override]
        try:
            return await super().__call__(request)
        except HTTPException:
            return None


_basic = _Basic(scheme_name="writeKey", auto_error=False)
_bearer = HTTPBearer(auto_error=False)


async def _by_write_key(
    request: Request,
    basic: Annotated[HTTPBasicCredentials | None, Depends(_basic)],
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Actor:
    """Whose key was sent, as the name of a user without a password or as everywhere else."""
    key = basic.username if basic is not None else bearer.credentials if bearer is not None else None
    found = await request.app.state.service.keys.actor_soon(key) if key is not None else None
    if not isinstance(found, Actor):
        raise NotAuthenticated()
    return found


@dataclass(frozen=True, slots=True)
class WriteKey(Allowed):
    """Whoever has the permission, known by a write key."""

    async def __call__(self, actor: Annotated[Actor, Depends(_by_write_key)]) -> Actor:
        actor.require(self.permission)
        return actor


async def unpacked_body(request: Request) -> bytes:
    """The body, unpacked where it was packed. Raises ``NotAcceptedType``, ``NotGzip``, ``TooLarge``."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
        raise NotAcceptedType(f"Send {JSON}.")
    body = await body_of(request)
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip"):
        raise NotAcceptedType("Send it packed with gzip, or as it is.")
    return unpacked(body, LARGEST_BODY) if encoding == "gzip" else body


router = APIRouter(prefix="/v1", tags=["segment"], route_class=AsClientsRead)

Sender = Annotated[Actor, Depends(WriteKey("write_facts"))]
Body = Annotated[bytes, Depends(unpacked_body)]

_ANSWERS: Any = answers(ReceivedMessages, *READ_BODY, NotGzip, FactsUnfit, FactsConflict, NotAcceptedType)


@router.post("/batch", operation_id="sendBatch", responses=_ANSWERS, openapi_extra=takes({JSON: Batch}))
async def batch(request: Request, sender: Sender, body: Body) -> dict[str, Any]:
    """Store a batch of messages, each as one fact. All or nothing; answered once durable."""
    return await _stored(request, sender, body)


def _storing(kind: str) -> Callable[[Request, Sender, Body], Coroutine[Any, Any, dict[str, Any]]]:
    async def one(request: Request, sender: Sender, body: Body) -> dict[str, Any]:
        return await _stored(request, sender, body, kind)

    return one


for kind in KINDS:
    router.add_api_route(
        f"/{kind}",
        _storing(kind),
        methods=["POST"],
        operation_id=f"send{kind.capitalize()}",
        description=f"Store one message of the kind {kind} as a fact; answered once durable.",
        responses=_ANSWERS,
        openapi_extra=takes({JSON: BY_KIND[kind]}),
    )


async def _stored(request: Request, sender: Actor, body: bytes, kind: str | None = None) -> dict[str, Any]:
    def read(latest: Instant) -> list[Fact]:
        messages = _batch_of(parse(body)) if kind is None else [parse(body)]
        return facts_of(messages, source_of(sender.label), latest, kind)

    stored = await store(request.app.state.service, sender, len(body), read)
    return {"success": True, "accepted": stored.accepted, "duplicates": stored.duplicates, "position": stored.position}


def _batch_of(sent: Any) -> list[Any]:
    messages = sent.get("batch") if isinstance(sent, dict) else None
    if not isinstance(messages, list):
        raise FactsUnfit(faults=[Fault("batch must be an array of messages.", "/batch")])
    if len(messages) > MOST_ITEMS:
        raise TooLarge(f"A request has at most {MOST_ITEMS} messages.")
    return messages


def source_of(label: str) -> str:
    """The label names the system that sends and outlives the key: a key made in place of another takes it over."""
    return f"segment/{label}" if label else "segment"


def facts_of(messages: Sequence[Any], source: str, latest: Instant, kind: str | None = None) -> list[Fact]:
    """Raises ``FactsUnfit`` with every fault, each with its message's index."""
    read = [read_message(message, source, latest, kind) for message in messages]
    faults = [
        replace(fault, index=index) for index, found in enumerate(read) if isinstance(found, list) for fault in found
    ]
    if faults:
        raise FactsUnfit(faults=faults)
    return [fact for fact in read if isinstance(fact, Fact)]
