"""`/backtests/{journey}/compare`: two reports side by side."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from fastapi.responses import HTMLResponse

from api.board.backtests import backtests_page, in_words
from api.board.refusing import page_router
from api.board.reported import named_stages
from api.board.view import Looking
from api.comparing_backtests import compared
from api.login import logged_in

router = page_router()


@router.get("/backtests/{journey}/compare", dependencies=[Depends(logged_in)])
def comparison(view: Looking, journey: str, id: Annotated[tuple[UUID, ...], Query()] = ()) -> HTMLResponse:
    """The older one first; how much more the newer one has."""
    view.actor.require("read_backtests")
    view.to(journey, "backtests")
    chosen = set(id)
    if len(chosen) != 2:
        return backtests_page(view, 422, choose=True)
    kept = sorted((view.service.backtests.one(one) for one in chosen), key=lambda found: found.number)
    figures = compared(*kept)
    return view.render(
        "backtests/compared.html",
        kept=kept,
        figures=figures,
        unlike=[name for name in ("period", "known", "published") if not figures["alike"][name]],
        stage=named_stages(view, figures),
        **in_words(view),
    )
