"""`/v1/customers`: where a customer stands and why, restored from the log and folded on reading."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse

from api.erased import MARK, standing_kept, trail_kept
from api.facts import shown
from api.openapi.answers import Facts
from api.openapi.describing import answers
from api.openapi.parameters import (
    AsOf,
    FoldOrder,
    InStage,
    Journey,
    KnownAt,
    KnownPosition,
    OfJourney,
    OfStaff,
    PartOfName,
    UnderRulebook,
    WithTag,
)
from api.openapi.parameters import Customer as CustomerName
from api.openapi.standings import Customer, Customers, Standing, Trail
from api.paging import link_next
from api.seen import SeenCustomers
from api.waiting import caught_up
from api.wiring import Service
from domain.facts import Fact
from domain.history import in_fold_order
from domain.instants import Instant, instant, rfc_3339
from domain.journey.fold import fold
from domain.journey.in_force import ALWAYS, Version, numbered
from domain.journey.seller import seller_of
from domain.journey.trail import Entry
from domain.journey.trail import trail as trail_of
from domain.refusals import (
    AheadOfNow,
    EntryDamaged,
    NotAnInstant,
    NotUnderstood,
    UnknownCustomer,
    UnknownJourney,
    UnknownRulebook,
)
from event_log.published import version_of, versions_by_journey
from event_log.reading import CustomerFacts
from event_log.state import SealedFact
from projections.board import Listed, Wanted

router = APIRouter(prefix="/v1/customers", tags=["customers"], dependencies=[Depends(caught_up)])


ASKED_AT_CUTS = (UnknownCustomer, NotAnInstant, AheadOfNow, EntryDamaged)
ASKED_OF_A_JOURNEY = (*ASKED_AT_CUTS, UnknownJourney, UnknownRulebook)
"""What such a question may be refused with."""


class Cuts:
    """The two cuts of a question, as asked and as answered: instants, and the position that ``known_at`` means."""

    def __init__(
        self,
        service: SeenCustomers,
        as_of: AsOf = None,
        known_at: KnownAt = None,
        known_position: KnownPosition = None,
        rulebook: UnderRulebook = None,
    ) -> None:
        reading = service.log.reading
        self.now, head = reading.present()
        self.as_of = self.now if as_of is None else instant(as_of)
        self.known_at = self.now if known_at is None else instant(known_at)
        if known_at is not None and known_position is not None:
            raise NotUnderstood("Give either known_at or known_position.")
        if known_position is not None:
            if known_position > head:
                raise AheadOfNow(f"The log ends at position {head}.")
            self.position = known_position
        else:
            self.position = head if known_at is None else reading.position_at(self.known_at)
        self.rulebook = rulebook
        self.whole_beliefs = known_position is None and rulebook is None

    def as_json(self) -> dict[str, Any]:
        return _cuts_as_json(self.as_of, self.known_at, self.position, self.now)


def _cuts_as_json(as_of: Instant, known_at: Instant, position: int, now: Instant) -> dict[str, Any]:
    answer = {"as_of": rfc_3339(as_of), "known_at": rfc_3339(known_at), "position": position}
    return answer | ({"forecast": True} if as_of > now else {})


def wanted(
    journey: OfJourney = None,
    stage: InStage = None,
    tag: WithTag = None,
    staff: OfStaff = None,
    q: PartOfName = None,
) -> Wanted:
    return Wanted(journey, stage, tag, staff, q)


@router.get("", operation_id="listCustomers", responses=answers(Customers, UnknownJourney, headers=("Link",)))
def customers(
    request: Request,
    response: Response,
    service: SeenCustomers,
    wanted: Annotated[Wanted, Depends(wanted)],
    cursor: Annotated[UUID | None, Query(description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="So many customers at most.")] = 50,
) -> dict[str, Any]:
    """Customers and where they stand, by journey, stage, tag, staff or a part of their id."""
    if wanted.journey is not None:
        service.versions(wanted.journey)
    wanted = replace(wanted, staff=service.staff(wanted.staff))
    found = service.board.customers(wanted, cursor or UUID(int=0), limit + 1)
    more = str(found[limit - 1].number) if len(found) > limit else None
    if more is not None:
        link_next(request, response, cursor=more)
    return {"items": [_listed(listed) for listed in found[:limit]], "next": more}


@router.get(
    "/{customer:path}/journeys/{journey}",
    operation_id="getStanding",
    responses=answers(Standing, *ASKED_OF_A_JOURNEY),
)
def standing(
    service: SeenCustomers,
    customer: CustomerName,
    journey: Journey,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    known_position: KnownPosition = None,
    rulebook: UnderRulebook = None,
) -> Response:
    """Where the customer stands on a journey."""
    stands = None
    # Whose customer she is at this very moment only the log can tell.
    if service.pool.seller is None and known_at is None and known_position is None and rulebook is None:
        stands = service.standing_now.at(customer, journey, None if as_of is None else instant(as_of))
    if stands is not None:
        told = stands.standing.as_json() | _cuts_as_json(stands.as_of, stands.now, stands.position, stands.now)
    else:
        cuts = Cuts(service, as_of, known_at, known_position, rulebook)
        known, versions = known_at_cuts(service, customer, journey, cuts)
        told = _standing(known, journey, versions, cuts.as_of) | cuts.as_json()
    # What we made ourselves need not be examined.
    return JSONResponse({"customer": customer, "journey": journey, **told})


@router.get(
    "/{customer:path}/journeys/{journey}/trail",
    operation_id="getTrail",
    responses=answers(Trail, *ASKED_OF_A_JOURNEY),
)
def trail(
    service: SeenCustomers,
    customer: CustomerName,
    journey: Journey,
    cuts: Annotated[Cuts, Depends()],
) -> dict[str, Any]:
    """Every step that some belief up to the cut had, in the order they were made, with what gave it up."""
    entries, erased = entries_of(service, customer, journey, cuts)
    mark = MARK if erased else {}
    return {"items": [entry.as_json() for entry in entries], "next": None, **mark, **cuts.as_json()}


@router.get(
    "/{customer:path}/facts",
    operation_id="listCustomerFacts",
    responses=answers(Facts, UnknownCustomer, EntryDamaged),
)
def facts(
    service: SeenCustomers,
    customer: CustomerName,
    order: FoldOrder = "position",
) -> dict[str, Any]:
    """The customer's facts, in order of position or of the fold."""
    known = service.log.reading.customer(customer)
    found = sorted(known.facts, key=lambda fact: fact.order) if order == "fold" else known.facts
    every: list[Fact | SealedFact] = [*found, *known.sealed]
    return {"items": [shown(fact) for fact in every], "next": None}


@router.get("/{customer:path}", operation_id="getCustomer", responses=answers(Customer, *ASKED_AT_CUTS))
def customer(
    service: SeenCustomers,
    customer: CustomerName,
    cuts: Annotated[Cuts, Depends()],
) -> dict[str, Any]:
    """Profile, tags by hand, staff, and where the customer stands on every journey."""
    known = service.log.reading.customer(customer, cuts.position)
    facts = in_fold_order(known.facts, cuts.as_of)
    by_hand = fold(facts, (), cuts.as_of)
    journeys = versions_by_journey(service.log.reading.publications(cuts.position))
    return {
        "customer": customer,
        "profile": _profile(facts),
        "staff": seller_of(facts),
        "tags": by_hand.standing.as_json()["tags"],
        "facts": len(facts),
        "journeys": [
            {"journey": journey, **_standing(known, journey, versions, cuts.as_of)}
            for journey, versions in sorted(journeys.items())
        ],
        **(MARK if known.erased else {}),
        **cuts.as_json(),
    }


def _listed(listed: Listed) -> dict[str, Any]:
    standings = [
        {**standing, "since": None if standing["since"] is None else rfc_3339(standing["since"])}
        for standing in listed.standings
    ]
    return {"customer": listed.customer, "journeys": standings}


def entries_of(service: Service, customer: str, journey: str, cuts: Cuts) -> tuple[list[Entry], bool]:
    """The trail, from its rows where they say all that is asked; and whether she is erased."""
    entries = _stored_trail(service, customer, journey, cuts)
    if entries:
        return entries, False
    known, versions = known_at_cuts(service, customer, journey, cuts)
    if known.erased:
        return trail_kept(known, journey, cuts.as_of), True
    return trail_of(known.facts, versions, cuts.as_of, cuts.known_at), False


def _stored_trail(service: Service, customer: str, journey: str, cuts: Cuts) -> list[Entry]:
    """The trail from its rows; empty where they do not say all that is asked, and where the log must be asked first."""
    number = service.log.reading.number(customer)
    # Whose customer she is at this very moment only the log can tell.
    if number is None or service.pool.seller is not None or not cuts.whole_beliefs:
        return []
    return service.trail.entries(journey, number, cuts.as_of, cuts.known_at) or []


def _standing(known: CustomerFacts, journey: str, versions: Sequence[Version], as_of: Instant) -> dict[str, Any]:
    if known.erased:
        return standing_kept(known, journey, versions, as_of)
    return fold(in_fold_order(known.facts, as_of), versions, as_of).standing.as_json()


def known_at_cuts(service: Service, customer: str, journey: str, cuts: Cuts) -> tuple[CustomerFacts, list[Version]]:
    """What was known at the cut: the customer's facts, and the versions that are asked for."""
    known = service.log.reading.customer(customer, cuts.position)
    published = service.log.publications.of(journey)
    if not published:
        raise UnknownJourney()
    versions = [version_of(found) for found in published if found.position <= cuts.position]
    if cuts.rulebook is not None:
        versions = _alone(versions, cuts.rulebook)
    return known, versions


def _alone(versions: Sequence[Version], number: int) -> list[Version]:
    """One version alone, in force since always."""
    found = numbered(versions, number)
    if found is None:
        raise UnknownRulebook()
    return [replace(found, effective_from=ALWAYS, published_at=ALWAYS)]


def _profile(facts: Sequence[Fact]) -> dict[str, Any]:
    profile: dict[str, Any] = {}
    for fact in facts:
        attributes = fact.data.get("attributes")
        if fact.type == "profile.changed" and isinstance(attributes, dict):
            profile |= attributes
    return {name: value for name, value in profile.items() if value is not None}
