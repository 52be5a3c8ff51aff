"""`/backtests/{id}`: one backtest; how far it is, then its report with its pictures and the customers who differ."""

from dataclasses import dataclass
from difflib import unified_diff
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Depends, Query
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse

from api.board.backtests import in_words
from api.board.pictures.flow import Stage
from api.board.refusing import page_router
from api.board.reported import named_stages, shown
from api.board.view import Looking, View
from api.differing import differing_page
from api.kept_backtests import KeptBacktest
from api.login import logged_in
from domain.refusals import UnknownBacktest

TOGETHER = 50

router = page_router()


@dataclass(frozen=True, slots=True)
class Asked:
    """Which customers: those in a stage under either side; "" is off the journey, ``None`` asks nothing."""

    published: str | None = None
    candidate: str | None = None


@dataclass(frozen=True, slots=True)
class Differing:
    """The customers asked for, and the addresses of others; ``path`` is that of the backtest."""

    path: str
    published: str | None
    candidate: str | None

    @property
    def filtered(self) -> bool:
        return self.published is not None or self.candidate is not None

    def link(self, published: Stage, candidate: Stage) -> str:
        """The page, with those who stand in one stage and would stand in the other."""
        return f"{self.path}?{_pair(published, candidate)}#customers"

    def part(self, published: Stage, candidate: Stage) -> str:
        """The same customers without the page around them."""
        return f"{self.path}/customers?{_pair(published, candidate)}"

    def more(self, cursor: int) -> str:
        asked = {"published": self.published, "candidate": self.candidate, "cursor": str(cursor)}
        return f"{self.path}/customers?" + urlencode({name: text for name, text in asked.items() if text is not None})


@router.get("/backtests/{id:uuid}", dependencies=[Depends(logged_in)])
def backtest(view: Looking, id: UUID, asked: Annotated[Asked, Depends()]) -> HTMLResponse:
    """Its report, or how far it is."""
    one = _one(view, id)
    report = {} if one.report is None else _reported(view, one, asked)
    may_publish = view.actor.may("publish")
    return view.render(
        "backtests/one.html", **_about(view, one), **report, changes=_changes(view, one), may_publish=may_publish
    )


@router.get("/backtests/{id:uuid}/progress", dependencies=[Depends(logged_in)])
def progress(view: Looking, id: UUID) -> HTMLResponse:
    """How far it is, as a fragment; the page is loaded anew when there is more to see."""
    one = _one(view, id)
    answer = view.render("backtests/progress.html", **_about(view, one))
    if one.state not in ("queued", "running"):
        answer.headers["HX-Refresh"] = "true"
    return answer


@router.get("/backtests/{id:uuid}/customers", dependencies=[Depends(logged_in)])
def customers(
    view: Looking,
    id: UUID,
    asked: Annotated[Asked, Depends()],
    cursor: Annotated[int | None, Query(ge=0, lt=2**31)] = None,
) -> HTMLResponse:
    """Those who differ, as a fragment: the list, or with ``cursor`` its next rows."""
    one = _one(view, id)
    template = "backtests/customers.html" if cursor is None else "backtests/customer_rows.html"
    return view.render(
        template, **_customers(view, one, asked, cursor or 0), stage=named_stages(view, one.report or {})
    )


@router.get("/backtests/{id:uuid}/report.json", dependencies=[Depends(logged_in)])
def report_file(view: Looking, id: UUID) -> JSONResponse:
    """The report as everybody gets it, to keep."""
    one = _one(view, id)
    if one.report is None:
        raise UnknownBacktest()
    name = f"backtest-{one.journey}-{one.id}.json"
    return JSONResponse(one.report, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@router.post("/backtests/{id:uuid}/cancel", dependencies=[Depends(logged_in)])
def cancel(view: Looking, id: UUID) -> RedirectResponse:
    """Back to its page; one that has ended meanwhile is left as it is."""
    view.actor.require("backtest")
    _one(view, id)
    view.service.backtests.cancel(id)
    return RedirectResponse(f"/backtests/{id}", status_code=303)


def _one(view: View, id: UUID) -> KeptBacktest:
    """The backtest, and the view turned to its journey. Raises ``NotAllowed``, ``UnknownBacktest``."""
    view.actor.require("read_backtests")
    one = view.service.backtests.one(id)
    view.to(one.journey, "backtests")
    return one


def _changes(view: View, one: KeptBacktest) -> list[str]:
    """Lines of the candidate unlike those of the version it is compared with: "+" is new, "-" is gone, "@" a place."""
    newest = view.service.log.publications.of(one.journey)
    based_on = len(newest) if one.report is None else one.report["candidate"]["based_on"]
    lines = unified_diff(newest[based_on - 1].document.splitlines(), one.document.splitlines(), n=1, lineterm="")
    # The first two lines name files.
    return list(lines)[2:]


def _about(view: View, one: KeptBacktest) -> dict[str, Any]:
    return {"one": one, "may_ask": view.actor.may("backtest"), **in_words(view)}


def _reported(view: View, one: KeptBacktest, asked: Asked) -> dict[str, Any]:
    assert one.report is not None
    return {**shown(one.report, named_stages(view, one.report or {})), **_customers(view, one, asked, 0)}


def _customers(view: View, one: KeptBacktest, asked: Asked, cursor: int) -> dict[str, Any]:
    page = differing_page(view.service, one.id, cursor, TOGETHER, asked.published, asked.candidate)
    return {"page": page, "asked": Differing(f"/backtests/{one.id}", asked.published, asked.candidate)}


def _pair(published: Stage, candidate: Stage) -> str:
    return urlencode({"published": published or "", "candidate": candidate or ""})
