"""The pages, and the files they load."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Depends
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse

from api.access import open_to_all
from api.board import (
    backtest_comparison,
    backtest_report,
    backtests,
    board,
    customer,
    deciding,
    drafts,
    rulebooks,
    today,
    working,
)
from api.board.refusing import page_router
from api.board.view import Looking
from api.login import logged_in

_HERE = Path(__file__).parent

router = APIRouter(include_in_schema=False)
_pages = page_router()


@_pages.get("/", dependencies=[Depends(logged_in)])
def home(view: Looking) -> Any:
    """Today's list of the first journey that has one, else a board."""
    journeys = view.journeys
    if not journeys:
        return view.render("empty.html")
    listed = (journey for journey, versions in sorted(journeys.items()) if versions[-1].rulebook.opportunities)
    journey = next(listed, None)
    page = f"/board/{quote(min(journeys))}" if journey is None else f"/today/{quote(journey)}"
    # What was asked for goes along: only a page remembers the language.
    return RedirectResponse(page + (f"?lang={view.language}" if "lang" in view.request.query_params else ""), 303)


@router.get("/static/{name}", dependencies=[Depends(open_to_all)])
def static(name: str) -> Any:
    """Our own files, and htmx from its package."""
    file = _htmx() if name == "htmx.js" else _HERE / "static" / Path(name).name
    if not file.is_file():
        return HTMLResponse(status_code=404)
    return FileResponse(file, headers={"Cache-Control": "max-age=3600"})


_JOURNEY = (board, today, working, customer, deciding, rulebooks, drafts)
# The address of one backtest is looked at before that of a journey's: it is an id, and no journey is called so.
_BACKTESTS = (backtest_report, backtest_comparison, backtests)

for part in (_pages, *(module.router for module in (*_JOURNEY, *_BACKTESTS))):
    router.include_router(part)


def _htmx() -> Path:
    # The wheel is found, not imported: it is made for another framework.
    spec = find_spec("js_lib_htmx")
    folder = Path(next(iter(spec.submodule_search_locations or ()))) if spec is not None else _HERE
    return next(iter(sorted(folder.rglob("htmx.min.js"))), folder / "htmx.min.js")
