"""`/v1/backtests`: asked for, looked at while they run and afterwards, compared with one another, and ended."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from api.access import Actor, allowed
from api.asking_backtests import ask, asked_of
from api.comparing_backtests import compared
from api.differing import differing_page
from api.facts import body_of
from api.idempotency import Key
from api.kept_backtests import NEWEST, KeptBacktest, KeptBacktests
from api.openapi.backtested import Backtest, BacktestDraft, Backtests, Compared, DifferingCustomers
from api.openapi.describing import JSON, READ_BODY, answers, takes
from api.openapi.parameters import BacktestId, Cursor, InStage, OfJourney, OtherBacktest
from api.paging import link_next
from api.wiring import Service
from domain.refusals import (
    AnotherBacktestAsked,
    BacktestsWaiting,
    NotComparable,
    NotUnderstood,
    RulebookUnfit,
    UnknownBacktest,
    UnknownJourney,
)

router = APIRouter(prefix="/v1/backtests", tags=["backtests"])

Looks = Annotated[Actor, Depends(allowed("read_backtests"))]
Asks = Annotated[Actor, Depends(allowed("backtest"))]
Limit = Annotated[int, Query(ge=1, le=1000, description="So many at most.")]


@router.post(
    "",
    operation_id="startBacktest",
    status_code=202,
    responses=answers(
        {202: Backtest, 200: Backtest},
        *READ_BODY,
        RulebookUnfit,
        UnknownJourney,
        AnotherBacktestAsked,
        BacktestsWaiting,
        headers=("Location",),
    ),
    openapi_extra=takes({JSON: BacktestDraft}),
)
def start_backtest(
    request: Request,
    response: Response,
    actor: Asks,
    body: Annotated[bytes, Depends(body_of)],
    key: Key,
) -> dict[str, Any]:
    """Fold the history under the published rules and under a candidate; it waits until the background work takes it."""
    kept, new = ask(_service(request), asked_of(body), actor.name, key)
    response.status_code = 202 if new else 200
    response.headers["Location"] = f"/v1/backtests/{kept.id}"
    return _shown(kept)


@router.get("", operation_id="listBacktests", responses=answers(Backtests, headers=("Link",)))
def list_backtests(
    request: Request,
    response: Response,
    _: Looks,
    journey: OfJourney = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """Those that wait or run, and the newest hundred that ended; without their reports, the newest first."""
    found, more = _kept(request).page(_place(cursor), limit, journey)
    if more is not None:
        link_next(request, response, cursor=more)
    return {"items": [one.as_json() for one in found], "next": None if more is None else str(more)}


@router.get("/{id}", operation_id="getBacktest", responses=answers(Backtest, UnknownBacktest))
def get_backtest(request: Request, id: BacktestId, _: Looks) -> dict[str, Any]:
    """How far it is; once it is done, its report."""
    return _shown(_kept(request).one(id))


@router.get(
    "/{id}/customers",
    operation_id="listBacktestCustomers",
    responses=answers(DifferingCustomers, UnknownBacktest, headers=("Link",)),
)
def differing_customers(
    request: Request,
    response: Response,
    id: BacktestId,
    _: Looks,
    published: InStage = None,
    candidate: InStage = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """Who differs: where each stands under either, and the first step that differs with its cause.

    `published` and `candidate` are the stages at the end of the period; empty = off the journey. Empty until it is
    done.
    """
    page = differing_page(_service(request), id, _place(cursor) or 0, limit, published, candidate)
    if page.next is not None:
        link_next(request, response, cursor=page.next)
    return {
        "items": [one.as_json() for one in page.items],
        "next": None if page.next is None else str(page.next),
        "total": page.total,
    }


@router.get(
    "/{id}/compare/{other}",
    operation_id="compareBacktests",
    responses=answers(Compared, UnknownBacktest, NotComparable),
)
def compare_backtests(request: Request, id: BacktestId, other: OtherBacktest, _: Looks) -> dict[str, Any]:
    """The main figures of two backtests of one journey side by side."""
    kept = _kept(request)
    return compared(kept.one(id), kept.one(other))


@router.delete("/{id}", operation_id="endBacktest", status_code=204, responses=answers({204: {}}, UnknownBacktest))
def end_backtest(request: Request, id: BacktestId, _: Asks) -> None:
    """Cancel one that waits or runs, which stays in the list; remove one that ended."""
    _kept(request).end(id)


def _shown(kept: KeptBacktest) -> dict[str, Any]:
    return {**kept.as_json(), "document": kept.document, "report": kept.report}


def _place(cursor: str | None) -> int | None:
    """Raises ``NotUnderstood`` for what was not given out here."""
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdecimal() and int(cursor[:19]) < NEWEST and len(cursor) < 20):
        raise NotUnderstood("That is no cursor of this list.")
    return int(cursor)


def _kept(request: Request) -> KeptBacktests:
    return _service(request).backtests


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service
