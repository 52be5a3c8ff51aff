"""Commands: what people decide, stored as facts of the source `trailbook`; here moves by hand and voids."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from api.access import Actor, allowed
from api.facts import body_of
from api.idempotency import Id
from api.openapi.answers import Moved, Voided
from api.openapi.bodies import Move, Void
from api.openapi.describing import JSON, READ_BODY, answers, takes
from api.openapi.parameters import Customer, FactPosition, Journey
from api.wiring import Service
from domain.facts import Fact
from domain.history import in_fold_order
from domain.instants import Instant, duration
from domain.journey.fold import fold
from domain.journey.in_force import Version
from domain.journey.manual import refuse_unfit_move, standing_json
from domain.journey.seller import seller_of
from domain.refusals import (
    AlreadyVoided,
    CustomerErased,
    EntryDamaged,
    FactsConflict,
    Fault,
    MoveNotAllowed,
    NoSuchStage,
    NotADuration,
    NotUnderstood,
    OffTheJourney,
    StageChanged,
    Unknown,
    UnknownCustomer,
    UnknownJourney,
    UnknownPosition,
    VoidOfVoid,
)
from domain.strict_json import escaped, parse, unfit
from domain.voiding import refuse_unfit_void
from event_log.deciding import Command, Decide, Decided
from event_log.published import versions_by_journey
from event_log.state import Publication, SealedFact

router = APIRouter(prefix="/v1", tags=["commands"])


Body = Annotated[bytes, Depends(body_of)]

DECIDED = (*READ_BODY, CustomerErased, FactsConflict, EntryDamaged)
"""What any command may be refused with."""


@router.post(
    "/customers/{customer:path}/journeys/{journey}/stage",
    operation_id="setStage",
    status_code=201,
    responses=answers(
        {201: Moved, 200: Moved},
        *DECIDED,
        UnknownCustomer,
        UnknownJourney,
        NotADuration,
        NoSuchStage,
        OffTheJourney,
        StageChanged,
        MoveNotAllowed,
    ),
    openapi_extra=takes({JSON: Move}),
)
def set_stage(
    request: Request,
    response: Response,
    customer: Customer,
    journey: Journey,
    actor: Annotated[Actor, Depends(allowed("move"))],
    id: Id,
    body: Body,
) -> dict[str, Any]:
    """Move a customer by hand, from the stage the person saw; with `hold` the stage rules rest for so long."""
    service: Service = request.app.state.service
    done = move(service, actor, customer, journey, read_texts(body), id)
    standing = _standing_after(service, done, journey)
    return answered(response, done) | {"fact": named(done.facts[0]), "standing": standing}


@router.post(
    "/facts/{position}/void",
    operation_id="voidFact",
    status_code=201,
    responses=answers({201: Voided, 200: Voided}, *DECIDED, UnknownPosition, VoidOfVoid, AlreadyVoided),
    openapi_extra=takes({JSON: Void}),
)
def void_fact(
    request: Request,
    response: Response,
    position: FactPosition,
    actor: Annotated[Actor, Depends(allowed("void"))],
    id: Id,
    body: Body,
) -> dict[str, Any]:
    """Take a wrong fact out of every fold from now on; it stays in the log."""
    reason = texts_of(read_texts(body), {"reason"})["reason"]
    service: Service = request.app.state.service
    done = void(service, position, reason, actor.name, id)
    return answered(response, done) | {"fact": named(done.facts[0])}


def move(service: Service, actor: Actor, customer: str, journey: str, said: object, id: str) -> Decided:
    """Move by hand: ``said`` has the texts ``from``, ``stage``, ``reason`` and perhaps ``hold``.

    Raises ``NotUnderstood``, ``NotADuration``, ``UnknownCustomer``, ``UnknownJourney``, ``CustomerErased``, what
    ``refuse_unfit_move`` does, and what the log raises.
    """
    asked = texts_of(said, {"from", "stage", "reason"}, {"hold"})
    if "hold" in asked:
        duration(asked["hold"])

    def decide(moving: Fact, known: Sequence[Fact], publications: Sequence[Publication]) -> Sequence[Fact]:
        refuse_unfit_move(moving, known, versions_of(publications, journey))
        return ()

    command = Command("stage.set", customer, {"journey": journey, **asked, "by": actor.name}, id)
    return decided(service, actor, command, decide, UnknownCustomer)


def void(service: Service, position: int, reason: str, by: str, id: str) -> Decided:
    """Raises ``UnknownPosition``, ``CustomerErased``, ``VoidOfVoid``, ``AlreadyVoided``, and what the log raises."""
    if not 0 < position < 2**62:
        raise UnknownPosition()
    target = service.log.reading.at(position)
    if isinstance(target, Publication):
        raise UnknownPosition()
    if isinstance(target, SealedFact):
        raise CustomerErased()
    fact = target

    def decide(voiding: Fact, known: Sequence[Fact], _: Sequence[Publication]) -> Sequence[Fact]:
        refuse_unfit_void(voiding, fact, known)
        return ()

    data = {"source": fact.source, "id": fact.id, "reason": reason, "by": by}
    return service.log.decisions.append(Command("fact.voided", fact.customer, data, id), decide)


def read_texts(body: bytes) -> object:
    """The JSON of a body; no body stands for an empty object. Raises ``NotJson``."""
    return parse(body) if body.strip() else {}


def texts_of(asked: object, required: Collection[str], optional: Collection[str] = ()) -> dict[str, str]:
    """The members of an object of texts. Raises ``NotUnderstood``."""
    if not isinstance(asked, dict):
        raise NotUnderstood(faults=[Fault("Send an object.")])
    known = {*required, *optional}
    faults = [*unfit(asked)]
    faults += [Fault(f"{name} is missing.", f"/{name}") for name in sorted(required) if name not in asked]
    for name, value in asked.items():
        if name not in known:
            faults.append(Fault("That is not known here.", f"/{escaped(name)}"))
        elif not (isinstance(value, str) and value.strip()):
            faults.append(Fault(f"{name} is a text that is not empty.", f"/{name}"))
    if faults:
        raise NotUnderstood(faults=faults)
    return asked


def versions_of(publications: Iterable[Publication], journey: str) -> list[Version]:
    versions = versions_by_journey(found for found in publications if found.journey == journey)
    if not versions:
        raise UnknownJourney()
    return versions[journey]


def decided(service: Service, actor: Actor, command: Command, decide: Decide, unknown: type[Unknown]) -> Decided:
    """What a command made, for an actor: a seller's customer is theirs when it is decided, and when it is told again.

    Raises ``unknown`` where she is not, ``CustomerErased``, what ``decide`` raises, and what the log raises.
    """

    def theirs(asked: Fact, known: Sequence[Fact], publications: Sequence[Publication]) -> Sequence[Fact]:
        _refuse_anothers(actor, known, asked.occurred_at, unknown)
        return decide(asked, known, publications)

    with unknown_to_sellers(actor, unknown):
        done = service.log.decisions.append(command, theirs)
    if done.repeated and actor.role == "seller":
        known = service.log.reading.customer(command.customer)
        _refuse_anothers(actor, known.facts, service.log.reading.now(), unknown)
    return done


def _refuse_anothers(actor: Actor, known: Iterable[Fact], at: Instant, unknown: type[Unknown]) -> None:
    """To a seller another's customer is unknown."""
    if actor.role == "seller" and seller_of(in_fold_order(known, at)) != actor.staff:
        raise unknown()


@contextmanager
def unknown_to_sellers(actor: Actor, unknown: type[Unknown]) -> Iterator[None]:
    """Whose customer she was nobody can tell once she is erased: a seller does not learn that she ever was."""
    try:
        yield
    except CustomerErased:
        if actor.role == "seller":
            raise unknown() from None
        raise


def answered(response: Response, done: Decided) -> dict[str, Any]:
    """201, or 200 for a repetition."""
    response.status_code = 200 if done.repeated else 201
    return {"position": done.position}


def named(fact: Fact) -> dict[str, str]:
    return {"source": fact.source, "id": fact.id}


def _standing_after(service: Service, done: Decided, journey: str) -> dict[str, Any]:
    """Where the customer stands by a command's facts, as known when they were stored: a repetition gets the same."""
    move = done.facts[0]
    known = service.log.reading.customer(move.customer, done.position)
    if known.erased:
        raise CustomerErased()
    versions = service.versions(journey, done.position)
    folded = fold(in_fold_order(known.facts, move.occurred_at), versions, move.occurred_at)
    return standing_json(move, folded.standing)
