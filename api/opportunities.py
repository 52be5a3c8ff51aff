"""`/v1/opportunities`: the list of a day, ranked, each card with its reasons; of today and of any past day."""

from dataclasses import dataclass
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request, Response

from api.days import day_named, day_of, day_upto
from api.openapi.answers import Opportunities
from api.openapi.describing import answers
from api.openapi.parameters import Cursor, Day, KnownAt, OfJourney, OfKind, OfStaff
from api.opportunity_ids import opportunity_id
from api.paging import link_next
from api.seen import SeenCustomers
from api.waiting import caught_up
from api.wiring import Service
from domain.instants import Instant, brief, instant, rfc_3339
from domain.journey.day_list import Reason
from domain.refusals import AheadOfNow, EntryDamaged, NotAnInstant, NotUnderstood, UnknownJourney
from projections.opportunities import DayQuestion, Listed

router = APIRouter(prefix="/v1/opportunities", tags=["opportunities"], dependencies=[Depends(caught_up)])

MOST_CARDS = 1000


@dataclass(frozen=True, slots=True)
class Wanted:
    """``kind`` and ``staff`` leave everybody through where they are absent; ``on`` is today of each journey's zone."""

    journey: OfJourney = None
    kind: OfKind = None
    staff: OfStaff = None
    on: Day = None
    known_at: KnownAt = None


@router.get(
    "",
    operation_id="listOpportunities",
    responses=answers(Opportunities, UnknownJourney, NotAnInstant, AheadOfNow, EntryDamaged, headers=("Link",)),
)
def opportunities(
    request: Request,
    response: Response,
    service: SeenCustomers,
    wanted: Annotated[Wanted, Depends()],
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=MOST_CARDS, description="So many cards at most.")] = 200,
) -> dict[str, Any]:
    """Whom to talk to on a day, and why: what was open at some instant of it, the highest rank first."""
    asked, passed = _read_cursor(cursor) if cursor is not None else (_asked(wanted.known_at), 0)
    known_at, position = known_by_rows(service, asked)
    journeys = [wanted.journey] if wanted.journey is not None else service.journeys()
    questions = [question_of(service, name, wanted.on, (known_at, position), wanted.staff) for name in journeys]
    found = [(question, listed) for question in questions for listed in service.opportunities.of_day(question)]
    cards = sorted(
        (pair for pair in found if wanted.kind in (None, pair[1].card.kind)), key=lambda pair: pair[1].card.order
    )
    more = f"{known_at}.{passed + limit}" if len(cards) > passed + limit else None
    if more is not None:
        link_next(request, response, cursor=more)
    return {
        "items": [card_json(question.journey, listed) for question, listed in cards[passed : passed + limit]],
        "next": more,
        "as_of": rfc_3339(max((question.day.upto for question in questions), default=known_at)),
        "known_at": rfc_3339(known_at),
        "position": position,
    }


def question_of(
    service: Service, journey: str, on: str | None, known: tuple[Instant, int], staff: str | None
) -> DayQuestion:
    """What the list of a day is asked for. Raises ``UnknownJourney``, ``NotUnderstood``."""
    zone = zone_of(service, journey)
    known_at, position = known
    day = day_upto(day_of(known_at, zone) if on is None else day_named(on), zone, known_at)
    versions = service.versions(journey, position, unknown_is_none=True)
    return DayQuestion(journey, versions, day, known_at, position, service.staff(staff))


def known_by_rows(service: Service, asked: Instant | None) -> tuple[Instant, int]:
    """When and at which position it was known, as far as the rows go at most. Raises ``AheadOfNow``."""
    worked_position, worked_until = service.board.worked()
    if asked is None or asked == worked_until:
        return worked_until, worked_position
    position = service.log.reading.position_at(asked)
    return min((asked, position), (worked_until, worked_position))


def zone_of(service: Service, journey: str) -> ZoneInfo:
    return ZoneInfo(service.versions(journey)[-1].rulebook.timezone)


def card_json(journey: str, listed: Listed) -> dict[str, Any]:
    card = listed.card
    reasons = [_reason_json(journey, listed, reason) for reason in card.reasons]
    return {
        "id": reasons[0]["id"],
        "customer": card.customer,
        "journey": journey,
        "kind": card.kind,
        "rank": card.rank,
        "staff": card.staff,
        "open": card.open,
        "since": rfc_3339(min(reason.opened_at for reason in card.reasons)),
        "age": brief(max(reason.age for reason in card.reasons)),
        "reasons": reasons,
    }


def _reason_json(journey: str, listed: Listed, reason: Reason) -> dict[str, Any]:
    ended = None
    if reason.ended_at is not None:
        ended = {"at": rfc_3339(reason.ended_at), "by": reason.ended_by}
    return {
        "id": opportunity_id(listed.number, journey, reason.rule.id, reason.opened_at),
        "rule": reason.rule.id,
        "title": dict(reason.rule.title),
        "rank": reason.rank,
        "since": rfc_3339(reason.opened_at),
        "age": brief(reason.age),
        "ended": ended,
    }


def _asked(known_at: str | None) -> Instant | None:
    return None if known_at is None else instant(known_at)


def _read_cursor(cursor: str) -> tuple[Instant, int]:
    """When the first page was known, and how many cards were passed. Raises ``NotUnderstood``."""
    known_at, _, passed = cursor.partition(".")
    if not (known_at.isascii() and known_at.isdigit() and passed.isascii() and passed.isdigit() and len(cursor) < 40):
        raise NotUnderstood("That is no cursor of this list.")
    return int(known_at), int(passed)
