"""`/backtests/{journey}`: the backtests that are kept, newest first, and the form that asks for one."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated, Any

from fastapi import Depends, Query
from fastapi.responses import HTMLResponse, RedirectResponse

from api.asking_backtests import Asked, ask
from api.board.forms import Fields, Form, form_id, new_form_id
from api.board.refusing import page_router
from api.board.view import Looking, View
from api.days import day_named, day_of, start_of
from api.login import logged_in
from api.problems import status_of
from domain.instants import instant, rfc_3339
from domain.journey.vocabulary import VOCABULARY
from domain.refusals import Fault, NotUnderstood, Refusal

TOGETHER = 50

router = page_router()

Before = Annotated[int | None, Query(ge=1, lt=2**62)]


@router.get("/backtests/{journey}", dependencies=[Depends(logged_in)])
def backtests(view: Looking, journey: str) -> HTMLResponse:
    """The newest of the journey."""
    view.actor.require("read_backtests")
    return backtests_page(view.to(journey, "backtests"))


@router.get("/backtests/{journey}/more", dependencies=[Depends(logged_in)])
def more(view: Looking, journey: str, before: Before = None) -> HTMLResponse:
    """The next rows, as a fragment."""
    view.actor.require("read_backtests")
    return view.render("backtests/rows.html", **_kept(view.to(journey, "backtests"), before))


@router.post("/backtests/{journey}", dependencies=[Depends(logged_in)])
def start(view: Looking, journey: str, form: Form) -> Any:
    """On to the page of the backtest; refused, the page says why and keeps what was typed."""
    view.actor.require("backtest")
    view.to(journey, "backtests")
    try:
        asked, _ = ask(view.service, _asked(view, form), view.actor.name, _key(form))
    except Refusal as refusal:
        return backtests_page(view, status_of(refusal), form=form, refusal=refusal, trying=True)
    return RedirectResponse(f"/backtests/{asked.id}", status_code=303)


def backtests_page(view: View, status: int = 200, **more: Any) -> HTMLResponse:
    return view.render(
        "backtests/list.html",
        status,
        document=view.service.log.publications.of(view.journey or "")[-1].document,
        fact_types=list(VOCABULARY),
        may_ask=view.actor.may("backtest"),
        new_id=new_form_id,
        **_kept(view, None),
        **more,
    )


def in_words(view: View) -> dict[str, Any]:
    """What the templates say a backtest with."""
    return {
        "told": lambda written: view.written(instant(written)),
        "day": lambda written: view.day(instant(written)),
        "signed": _signed,
    }


def _kept(view: View, before: int | None) -> dict[str, Any]:
    kept, further = view.service.backtests.page(before, TOGETHER, view.journey)
    return {"kept": kept, "before": further, **in_words(view)}


def _asked(view: View, form: Mapping[str, str]) -> Asked:
    """Raises ``NotUnderstood``."""
    outcome, vary = form.get("outcome"), form.get("vary")
    return Asked(
        view.journey or "",
        form.get("document", ""),
        _first_instant(view, form.get("since")),
        _last_instant(view, form.get("until")),
        None if outcome is None else {"type": outcome.strip(), "within": form.get("within", "7d").strip()},
        None if vary is None else _vary(vary),
    )


def _first_instant(view: View, day: str | None) -> str | None:
    return None if day is None else rfc_3339(start_of(day_named(day), view.zone))


def _last_instant(view: View, day: str | None) -> str | None:
    """The end of a day that is over; of a later one nothing is known but what is known now."""
    if day is None or day_named(day) >= day_of(view.service.log.reading.now(), view.zone):
        return None
    return rfc_3339(view.instant(day, 0))


def _vary(written: str) -> dict[str, Any]:
    """``moves.silent.after=7d,14d``."""
    path, equals, values = written.partition("=")
    listed = [value.strip() for value in values.replace("，", ",").split(",") if value.strip()]
    if not equals or not listed:
        raise NotUnderstood(faults=[Fault("Write it as moves.silent.after=7d,14d.", "/vary")])
    return {"path": path.strip(), "values": listed}


def _key(form: Fields) -> str:
    """The same form sent twice asks once; changed and sent again it asks for something else."""
    told = sha256(repr(sorted(form.items())).encode()).hexdigest()
    return f"{form_id(dict(form))[:150]} {told}"


def _signed(by: str) -> str:
    """A person's name as it is; of a key's long number the beginning."""
    return by if len(by) < 36 else by[:8]
