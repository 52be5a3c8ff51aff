"""A draft of a rulebook on its page: previewed customer by customer, then published on top of the version shown."""

from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from fastapi import Depends
from fastapi.responses import HTMLResponse, RedirectResponse, StreamingResponse

from api.board.forms import Fields, Form, form_id
from api.board.refusing import page_router
from api.board.rendering import POLICY
from api.board.rulebooks import rulebooks_page
from api.board.view import Looking, View
from api.login import logged_in
from api.previewing import previewed
from api.problems import status_of
from api.publishing import FROM_NOW, Draft, candidate_of, etag, made_before, publish
from domain.instants import rfc_3339
from domain.refusals import Refusal

REPORT_HERE = "\x00"
"""Where the page is cut in two while it is sent; no text has this sign."""

router = page_router()


@router.post("/rulebooks/{journey}", dependencies=[Depends(logged_in)])
def draft(view: Looking, journey: str, form: Form) -> Any:
    """``do`` is preview or publish; what was not previewed as it stands is previewed first."""
    view.actor.require("publish")
    view.to(journey, "rulebooks")
    try:
        drafted = _draft(view, form)
        if form.get("do") == "publish" and form.get("previewed") == _hash(drafted.text):
            return _published(view, journey, drafted, form)
        return _previewed(view, journey, drafted, form)
    except Refusal as refusal:
        # What comes next is decided beside the newest version, and previewed again.
        form.pop("based_on", None)
        return rulebooks_page(view, None, status_of(refusal), form=form, refusal=refusal, drafting=True)


def _draft(view: View, form: Fields) -> Draft:
    since = form.get("effective_from")
    return Draft(
        form.get("document", ""),
        form.get("because"),
        FROM_NOW if since is None else rfc_3339(view.instant(since, 0)),
        form.get("retroactive") == "yes",
    )


def _published(view: View, journey: str, drafted: Draft, form: Fields) -> RedirectResponse:
    service, key = view.request.app.state.service, form_id(form)
    published = made_before(service, journey, drafted, key) or publish(
        service,
        journey,
        drafted,
        view.actor.name,
        lambda newest: newest is not None and etag(newest) == form.get("based_on"),
        key,
    )
    return RedirectResponse(f"/rulebooks/{quote(journey, safe='')}?version={published.version}", status_code=303)


def _previewed(view: View, journey: str, drafted: Draft, form: Fields) -> StreamingResponse:
    """The page up to the report, then how far the walk is, then the report and the rest of the page.

    Raises what ``previewed`` raises before it begins; a refusal on the way is told in the place of the report.
    """
    lines = previewed(view.request.app.state.service, journey, drafted)
    candidate = candidate_of(journey, drafted).rulebook
    names = {stage: view.stage(stage) for version in view.versions for stage in version.rulebook.stage_ids}
    names |= {stage.id: view.title(stage.title, stage.id) for stage in candidate.stages}
    unlike = form.get("do") == "publish"
    page = rulebooks_page(view, None, form=form, drafting=True, previewed=_hash(drafted.text), report_here=REPORT_HERE)
    sent = _sent(page, lines, lambda template, **values: view.render(template, names=names, unlike=unlike, **values))
    headers = {"Content-Security-Policy": POLICY, "X-Accel-Buffering": "no"}
    return StreamingResponse(sent, media_type="text/html", headers=headers)


def _sent(page: HTMLResponse, lines: Iterator[dict[str, Any]], render: Callable[..., HTMLResponse]) -> Iterator[bytes]:
    before, after = bytes(page.body).split(REPORT_HERE.encode())
    yield before
    try:
        for line in lines:
            yield bytes(render("walk.html" if "done" in line else "report.html", line=line).body)
    except Refusal as refusal:
        yield bytes(render("refused_part.html", refusal=refusal).body)
    yield after


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()
