"""`/v1/journeys/{journey}/board`: who stands in which stage, now or at any instant."""

import base64
import json
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from api.openapi.answers import Board, Cards
from api.openapi.describing import answers
from api.openapi.parameters import AsOf, Cursor, Journey, KnownAt, OfStaff, Stage
from api.paging import link_next
from api.seen import SeenCustomers
from api.waiting import caught_up
from api.wiring import Service
from domain.instants import instant, rfc_3339
from domain.journey.in_force import judging
from domain.refusals import AheadOfNow, EntryDamaged, NotAnInstant, NotUnderstood, UnknownJourney, UnknownStage
from domain.rulebook.document import Rulebook
from projections.board import Card, Column, Mark, Question

FIRST_CARDS = 20
MOST_CARDS = 200

router = APIRouter(prefix="/v1/journeys/{journey}", tags=["board"], dependencies=[Depends(caught_up)])


def asked(
    service: SeenCustomers,
    journey: Journey,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    staff: OfStaff = None,
) -> Question:
    """The question of a board; without cuts what its rows stand for."""
    service.versions(journey)
    position, until = service.board.worked()
    if known_at is not None:
        position = min(position, service.log.reading.position_at(instant(known_at)))
    versions = service.versions(journey, position, unknown_is_none=True)
    return Question(journey, versions, until if as_of is None else instant(as_of), position, service.staff(staff))


@router.get(
    "/board",
    operation_id="getBoard",
    responses=answers(Board, UnknownJourney, NotAnInstant, AheadOfNow, EntryDamaged),
)
def board(service: SeenCustomers, question: Annotated[Question, Depends(asked)]) -> dict[str, Any]:
    """Columns by stage, each with its count, its first cards and a cursor; and what it all stands for."""
    rulebook = rulebook_of(service, question)
    columns = service.board.columns(question, rulebook.stage_ids, FIRST_CARDS)
    titles = titles_of(service, question.journey)
    return {
        "journey": question.journey,
        "columns": [
            {"title": titles.get(column.stage, {}), **_shown(column), "count": column.count} for column in columns
        ],
        "as_of": rfc_3339(question.as_of),
        "position": question.position,
    }


@router.get(
    "/stages/{stage}/customers",
    operation_id="listStageCustomers",
    responses=answers(Cards, UnknownJourney, UnknownStage, NotAnInstant, AheadOfNow, EntryDamaged, headers=("Link",)),
)
def stage_customers(
    request: Request,
    response: Response,
    stage: Stage,
    service: SeenCustomers,
    question: Annotated[Question, Depends(asked)],
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=MOST_CARDS, description="So many cards at most.")] = 50,
) -> dict[str, Any]:
    """The next cards of one stage."""
    if stage not in titles_of(service, question.journey):
        raise UnknownStage()
    before = read_cursor(cursor) if cursor is not None else None
    column = service.board.page(question, stage, before, limit)
    shown = _shown(column)
    if shown["cursor"] is not None:
        link_next(request, response, cursor=shown["cursor"])
    return {"items": shown["cards"], "next": shown["cursor"]}


def rulebook_of(service: Service, question: Question) -> Rulebook:
    """The rulebook whose stages are the columns: the one in force at the instant asked for, as known then."""
    return judging(question.versions or service.versions(question.journey), question.as_of).rulebook


def titles_of(service: Service, journey: str) -> dict[str, dict[str, str]]:
    """The title of every stage of any version, by id; the newest version's where several have it."""
    versions = service.versions(journey)
    return {stage.id: dict(stage.title) for version in versions for stage in version.rulebook.stages}


def cursor_of(mark: Mark | None) -> str | None:
    if mark is None:
        return None
    return base64.urlsafe_b64encode(json.dumps([mark[0], mark[1].hex]).encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> Mark:
    """Raises ``NotUnderstood`` for what was not given out here."""
    try:
        since, customer = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        mark = int(since), UUID(hex=customer)
    except (ValueError, TypeError, AttributeError):
        raise NotUnderstood("That is no cursor of this list.") from None
    if not -(2**62) < mark[0] < 2**62:
        raise NotUnderstood("That is no cursor of this list.")
    return mark


def _shown(column: Column) -> dict[str, Any]:
    return {"stage": column.stage, "cards": [_card(card) for card in column.cards], "cursor": cursor_of(column.more)}


def _card(card: Card) -> dict[str, Any]:
    return {
        "customer": card.customer,
        "since": rfc_3339(card.since),
        "cause": card.cause,
        "tags": card.tags,
        "staff": card.staff,
    }
