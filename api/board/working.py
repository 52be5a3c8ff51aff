"""Working a card from the page: done, skipped or snoozed by the same functions as over the API."""

from datetime import datetime, timedelta
from datetime import time as clock
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends
from fastapi.responses import RedirectResponse

from api.board.forms import Fields, Form, form_id
from api.board.refusing import page_router
from api.board.today import Asked
from api.board.view import Looking, View
from api.days import day_named, day_of
from api.login import logged_in
from api.waiting import passed
from api.worked_cards import Worked, work
from domain.instants import Instant, instant, of_datetime, rfc_3339
from domain.refusals import Fault, NotUnderstood

A_MOMENT = 1.0
MORNING = clock(9)
_DONE: dict[str, Worked] = {"done": "opportunity.done", "skip": "opportunity.skipped"}
_DAYS = {"tomorrow": 1, "in-three-days": 3}

router = page_router()


@router.post("/today/{journey}/cards/{opportunity}", dependencies=[Depends(logged_in)])
def work_card(view: Looking, journey: str, opportunity: str, form: Form, asked: Annotated[Asked, Depends()]) -> Any:
    """Done, skipped or snoozed; answered with the card as it is now, or without htmx with the list."""
    view.actor.require("work")
    view.to(journey, "today")
    service = view.request.app.state.service
    type, said, choice = _said(view, form)
    # Of two choices on one card the second is another command, and told what became of the first.
    decided = work(service, view.actor, opportunity, type, said, f"{form_id(form)}-{choice}")
    if view.in_place:
        return view.render("worked_card.html", facts=decided.facts, until=_until(said))
    passed(service.board, decided.position, A_MOMENT)
    return RedirectResponse(f"/today/{quote(journey)}{asked.link()}", status_code=303)


def _said(view: View, form: Fields) -> tuple[Worked, dict[str, str], str]:
    """The fact's type, what it says, and the choice in a word. Raises ``NotUnderstood``."""
    do = form.get("do", "")
    if do in _DONE:
        return _DONE[do], {}, do
    today = day_of(view.service.log.reading.now(), view.zone)
    if do in _DAYS:
        day = today + timedelta(days=_DAYS[do])
    elif do == "on-day":
        day = day_named(form.get("day", ""))
    else:
        raise NotUnderstood(faults=[Fault("That cannot be done with a card.", "/do")])
    until = of_datetime(datetime.combine(day, MORNING, view.zone))
    return "opportunity.snoozed", {"until": rfc_3339(until)}, f"snooze-{day}"


def _until(said: dict[str, str]) -> Instant | None:
    return instant(said["until"]) if "until" in said else None
