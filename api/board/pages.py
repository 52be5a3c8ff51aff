"""The pages: the board by stage and a customer's trail, of now or of any day."""

from datetime import date, datetime, timedelta
from datetime import time as clock
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse

from api.access import Actor, open_to_all
from api.board.rendering import language_of, rendered
from api.board.words import Language
from api.boards import FIRST_CARDS, cursor_of, read_cursor, rulebook_of, titles_of
from api.login import logged_in
from api.sample_workspace import SAMPLE_JOURNEY
from api.seen import as_seen_by
from api.wiring import Service
from domain.history import in_fold_order
from domain.instants import Instant, as_datetime, instant, of_datetime
from domain.journey.fold import fold
from domain.refusals import NotAnInstant, UnknownStage
from domain.rulebook.document import Rulebook
from projections.board import Question

_HERE = Path(__file__).parent
LATEST_FACTS = 30

router = APIRouter(include_in_schema=False)
_pages = APIRouter(dependencies=[Depends(logged_in)])


class View:
    """What every page needs: who looks and what they may see, language, the instant asked for, times in writing."""

    def __init__(
        self, request: Request, actor: Annotated[Actor, Depends(logged_in)], as_of: str = "", lang: str = ""
    ) -> None:
        self.request = request
        self.actor = actor
        self.service: Service = as_seen_by(actor, request.app.state.service)
        self.language: Language = language_of(request, lang)
        self.asked = as_of
        self.zone = ZoneInfo("UTC")

    def of(self, rulebook: Rulebook) -> "View":
        self.zone = ZoneInfo(rulebook.timezone)
        return self

    def as_of(self, default: Instant) -> Instant:
        """The end of a day of the journey's zone, or an RFC 3339 instant. Raises ``NotAnInstant``."""
        if not self.asked:
            return default
        try:
            day = date.fromisoformat(self.asked)
        except ValueError:
            return instant(self.asked)
        try:
            return of_datetime(datetime.combine(day, clock.max, self.zone))
        except OverflowError:
            raise NotAnInstant(f"Not: {self.asked}.") from None

    def day(self, at: Instant) -> str:
        return as_datetime(at).astimezone(self.zone).date().isoformat()

    def written(self, at: Instant) -> str:
        return as_datetime(at).astimezone(self.zone).strftime("%Y-%m-%d %H:%M")

    def title(self, titles: Any, fallback: str) -> str:
        return titles.get(self.language) or next(iter(titles.values()), fallback)

    def stages(self, journey: str) -> dict[str, str]:
        """The stages of all versions, as they are called in the page's language."""
        return {stage: self.title(titles, stage) for stage, titles in titles_of(self.service, journey).items()}

    def render(self, template: str, **values: Any) -> HTMLResponse:
        shared = {"view": self, "asked": self.asked, "actor": self.actor}
        return rendered(self.request, template, self.language, **shared, **values)


Looking = Annotated[View, Depends()]


@_pages.get("/")
def home(view: Looking) -> Any:
    journeys = view.service.journeys()
    if not journeys:
        return view.render("empty.html")
    return RedirectResponse(f"/board/{journeys[0]}", status_code=303)


@_pages.get("/board/{journey}")
def board(view: Looking, journey: str) -> HTMLResponse:
    """The columns of all stages."""
    newest = view.service.versions(journey)[-1].rulebook
    question = _question(view.of(newest), journey)
    rulebook = rulebook_of(view.service, question)
    columns = view.service.board.columns(question, rulebook.stage_ids, FIRST_CARDS)
    return view.render(
        "board.html",
        journey=journey,
        journeys=view.service.journeys(),
        title=view.title(rulebook.title, journey),
        stages=view.stages(journey),
        columns=columns,
        cursor_of=cursor_of,
        question=question,
        total=sum(column.count for column in columns),
        ways=_ways(view, question.as_of),
        sample=journey == SAMPLE_JOURNEY,
        head=view.service.log.reading.head(),
    )


@_pages.get("/board/{journey}/stages/{stage}")
def more_cards(view: Looking, journey: str, stage: str, cursor: str) -> HTMLResponse:
    """The next cards of a column, as a fragment."""
    newest = view.service.versions(journey)[-1].rulebook
    if stage not in titles_of(view.service, journey):
        raise UnknownStage()
    question = _question(view.of(newest), journey)
    column = view.service.board.page(question, stage, read_cursor(cursor), FIRST_CARDS)
    return view.render("cards.html", journey=journey, column=column, cursor_of=cursor_of)


@_pages.get("/journey/{journey}/customer/{customer:path}")
def customer(view: Looking, journey: str, customer: str) -> HTMLResponse:
    """Where one customer stands, and every step with its cause."""
    service = view.service
    versions = service.versions(journey)
    rulebook = versions[-1].rulebook
    as_of = view.of(rulebook).as_of(service.log.reading.now())
    known = service.log.reading.customer(customer)
    facts = in_fold_order(known.facts, as_of)
    folded = fold(facts, versions, as_of)
    return view.render(
        "customer.html",
        journey=journey,
        customer=customer,
        title=view.title(rulebook.title, journey),
        stages=view.stages(journey),
        standing=folded.standing,
        steps=list(reversed(folded.steps)),
        facts=list(reversed(facts[-LATEST_FACTS:])),
        as_of=as_of,
        ways=_ways(view, as_of),
    )


@router.get("/static/{name}", dependencies=[Depends(open_to_all)])
def static(name: str) -> Any:
    """Our own files, and htmx from its package."""
    file = _htmx() if name == "htmx.js" else _HERE / "static" / Path(name).name
    if not file.is_file():
        return HTMLResponse(status_code=404)
    return FileResponse(file, headers={"Cache-Control": "max-age=3600"})


router.include_router(_pages)


def _question(view: View, journey: str) -> Question:
    position, until = view.service.board.worked()
    versions = view.service.versions(journey, position, unknown_is_none=True)
    return Question(journey, versions, view.as_of(until), position, view.service.staff(None))


def _ways(view: View, at: Instant) -> list[tuple[str, str]]:
    """The days to go to from here: the name of the way and the day."""
    day = date.fromisoformat(view.day(at))
    steps = (("month_before", -30), ("day_before", -1), ("day_after", 1), ("month_after", 30))
    first, last = date(1, 2, 1), date.max - timedelta(days=60)
    return [(name, (day + timedelta(days=days)).isoformat()) for name, days in steps if first < day < last]


def _htmx() -> Path:
    # The wheel is found, not imported: it is made for another framework.
    spec = find_spec("js_lib_htmx")
    folder = Path(next(iter(spec.submodule_search_locations or ()))) if spec is not None else _HERE
    return next(iter(sorted(folder.rglob("htmx.min.js"))), folder / "htmx.min.js")
