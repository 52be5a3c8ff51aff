"""`/rulebooks/{journey}`: the versions of a rulebook, the document of one, the ways between its stages."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query
from fastapi.responses import HTMLResponse

from api.board.forms import new_form_id
from api.board.refusing import page_router
from api.board.view import Looking, View
from api.login import logged_in
from api.publishing import etag, in_force
from domain.instants import Instant, brief, instant
from domain.refusals import UnknownRulebook
from domain.rulebook.document import Move, Rulebook
from event_log.state import Publication

router = page_router()


@dataclass(frozen=True, slots=True)
class Row:
    """A version and the span it is in force: ``since`` None = always, ``until`` None = open."""

    publication: Publication
    since: Instant | None
    until: Instant | None

    def holds(self, now: Instant) -> bool:
        return (self.since is None or self.since <= now) and (self.until is None or now < self.until)


@router.get("/rulebooks/{journey}", dependencies=[Depends(logged_in)])
def rulebooks(
    view: Looking,
    journey: str,
    version: Annotated[int | None, Query(ge=1, lt=2**31)] = None,
    backtest: UUID | None = None,
) -> HTMLResponse:
    """The versions, and the document of one, default the newest; ``backtest`` makes its candidate the draft."""
    view.to(journey, "rulebooks")
    if backtest is None:
        return rulebooks_page(view, version)
    view.actor.require("read_backtests")
    candidate = view.service.backtests.one(backtest).document
    return rulebooks_page(view, version, form={"document": candidate}, drafting=True)


def rulebooks_page(view: View, number: int | None, status: int = 200, **more: Any) -> HTMLResponse:
    """The page of a version, default the newest. Raises ``UnknownRulebook``."""
    return view.render("rulebooks.html", status, **shown(view, number), **more)


def shown(view: View, number: int | None) -> dict[str, Any]:
    """What the template takes."""
    rows = _rows(view.service.log.publications.of(view.journey or ""))
    if number is not None and number > len(rows):
        raise UnknownRulebook()
    row = rows[-1 if number is None else number - 1]
    version = view.versions[row.publication.version - 1]
    return {
        "rows": list(reversed(rows)),
        "row": row,
        "now": view.service.log.reading.now(),
        "newest": rows[-1].publication,
        "brief": brief,
        "ways": _ways(version.rulebook),
        "stages": version.rulebook.stages,
        "mermaid": version.machine.mermaid(view.language),
        "based_on": etag(rows[-1].publication),
        "new_id": new_form_id,
        "may_publish": view.actor.may("publish"),
        "may_try": view.actor.may("backtest"),
    }


def _ways(rulebook: Rulebook) -> dict[tuple[str, str], list[Move]]:
    """The moves that lead from one stage to another, in the order of the document."""
    ways: dict[tuple[str, str], list[Move]] = defaultdict(list)
    for move in rulebook.moves:
        for origin in filter(move.leaves, rulebook.stage_ids):
            ways[origin, move.to].append(move)
    return dict(ways)


def _rows(versions: Sequence[Publication]) -> list[Row]:
    spans = in_force(versions)
    return [Row(found, _read(spans[found.version]["from"]), _read(spans[found.version]["until"])) for found in versions]


def _read(written: str | None) -> Instant | None:
    return None if written is None else instant(written)
