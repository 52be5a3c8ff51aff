"""Deciding from a customer's page: moving her by hand, and voiding a fact."""

from typing import Any
from urllib.parse import quote

from fastapi import Depends
from fastapi.responses import RedirectResponse

from api.board.customer import Asked, customer_page
from api.board.forms import Form, form_id
from api.board.refusing import page_router
from api.board.view import Looking
from api.commands import move, texts_of, void
from api.login import logged_in
from api.problems import status_of
from domain.refusals import Conflict, NotUnderstood, Unavailable

router = page_router()


@router.post("/journey/{journey}/move/{customer:path}", dependencies=[Depends(logged_in)])
def move_customer(view: Looking, journey: str, customer: str, form: Form) -> Any:
    """Refused, the page says why, where she stands now, and keeps what was typed."""
    view.actor.require("move")
    view.to(journey, "customer")
    said = dict(form)
    try:
        move(view.request.app.state.service, view.actor, customer, journey, said, form_id(said))
    except (Conflict, NotUnderstood, Unavailable) as refusal:
        view.here = customer_path(journey, customer)
        return customer_page(view, customer, Asked(), status_of(refusal), form, refusal=refusal)
    return RedirectResponse(customer_path(journey, customer), status_code=303)


@router.post("/journey/{journey}/void/{position}", dependencies=[Depends(logged_in)])
def void_fact(view: Looking, journey: str, position: int, form: Form) -> RedirectResponse:
    """Back to the customer whose fact it was."""
    view.actor.require("void")
    view.to(journey, "customer")
    id = form_id(form)
    reason = texts_of(form, {"reason"})["reason"]
    done = void(view.request.app.state.service, position, reason, view.actor.name, id)
    return RedirectResponse(customer_path(journey, done.facts[0].customer), status_code=303)


def customer_path(journey: str, customer: str) -> str:
    return f"/journey/{quote(journey, safe='')}/customer/{quote(customer)}"
