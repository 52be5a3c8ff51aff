"""What every page needs: who looks and what they may see, the journey, the language, times in writing."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from datetime import time as clock
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse

from api.access import Actor
from api.board.rendering import language_of, rendered
from api.board.words import KINDS, REFUSALS, Language
from api.days import day_of
from api.login import logged_in
from api.seen import as_seen_by
from api.wiring import Service
from domain.instants import DAY, SECOND, Duration, Instant, as_datetime, instant, of_datetime
from domain.journey.in_force import Version
from domain.journey.phrases import length
from domain.journey.vocabulary import Sentence, phrase_for
from domain.refusals import NotAnInstant, Refusal, UnknownJourney
from event_log.published import versions_by_journey

HOUR: Duration = 3_600 * SECOND
MINUTE: Duration = 60 * SECOND


class View:
    """One look at one page. ``versions`` are those of the journey it is turned ``to``, the newest last."""

    def __init__(self, request: Request, actor: Annotated[Actor, Depends(logged_in)], lang: str = "") -> None:
        self.request = request
        self.actor = actor
        self.service: Service = as_seen_by(actor, request.app.state.service)
        self.language: Language = language_of(request, lang)
        self.zone = ZoneInfo("UTC")
        self.journey: str | None = None
        self.place = ""
        self.versions: Sequence[Version] = ()
        self.here: str | None = None
        self._journeys: dict[str, list[Version]] | None = None
        # So that a refusal of this question is told on a page like this one.
        request.state.view = self

    def to(self, journey: str, place: str) -> "View":
        """Raises ``UnknownJourney``."""
        if journey not in self.journeys:
            raise UnknownJourney()
        self.journey, self.place, self.versions = journey, place, self.journeys[journey]
        self.zone = ZoneInfo(self.versions[-1].rulebook.timezone)
        return self

    @property
    def journeys(self) -> dict[str, list[Version]]:
        """All journeys with the versions of their rulebooks."""
        if self._journeys is None:
            self._journeys = versions_by_journey(self.service.log.reading.publications())
        return self._journeys

    # -- names ---------------------------------------------------------------------------------------------------------

    def title(self, titles: Mapping[str, str], fallback: str) -> str:
        return titles.get(self.language) or next(iter(titles.values()), fallback)

    def journey_title(self, journey: str) -> str:
        return self.title(self.journeys[journey][-1].rulebook.title, journey)

    def stage(self, stage: str) -> str:
        """As the newest version that has it calls it."""
        titles = (
            found.title for version in reversed(self.versions) for found in version.rulebook.stages if found.id == stage
        )
        return self.title(next(titles, {}), stage)

    def opportunity(self, rule: str) -> str:
        found = (version.rulebook.opportunity(rule) for version in reversed(self.versions))
        return self.title(next((known.title for known in found if known is not None), {}), rule)

    def kind(self, kind: str) -> str:
        return self.said(KINDS[kind]) if kind in KINDS else kind

    def fact(self, fact_type: str) -> str:
        """What a fact of this type is called."""
        return self.said(phrase_for(fact_type).noun)

    def said(self, sentence: Sentence) -> str:
        return sentence.zh if self.language == "zh" else sentence.en

    def refusal(self, refusal: Refusal) -> str:
        """The sentence that a person reads."""
        return REFUSALS.get(type(refusal).__name__, refusal.sentence()) if self.language == "zh" else refusal.sentence()

    # -- times ---------------------------------------------------------------------------------------------------------

    def instant(self, asked: str, default: Instant) -> Instant:
        """The end of a day of the journey's zone, a time there, or RFC 3339. Raises ``NotAnInstant``."""
        if not asked:
            return default
        try:
            if len(asked) == 10:
                return of_datetime(datetime.combine(date.fromisoformat(asked), clock.max, self.zone))
            local = datetime.fromisoformat(asked)
            return of_datetime(local.replace(tzinfo=self.zone)) if local.tzinfo is None else instant(asked)
        except (ValueError, OverflowError):
            raise NotAnInstant(f"Not: {asked[:40]}.") from None

    def day(self, at: Instant) -> str:
        return day_of(at, self.zone).isoformat()

    def written(self, at: Instant) -> str:
        return as_datetime(at).astimezone(self.zone).strftime("%Y-%m-%d %H:%M")

    def local(self, at: Instant) -> str:
        """As a form's field for a time has it."""
        return as_datetime(at).astimezone(self.zone).strftime("%Y-%m-%dT%H:%M")

    def short(self, at: Instant) -> str:
        """Without the year, where it goes without saying."""
        return as_datetime(at).astimezone(self.zone).strftime("%m-%d %H:%M")

    def rough(self, lasted: Duration) -> str:
        """In one unit: whole minutes, from two hours on hours, from two days on days."""
        unit = DAY if lasted >= 2 * DAY else HOUR if lasted >= 2 * HOUR else MINUTE
        return self.said(length(max(lasted // unit, 1) * unit))

    def ways(self, at: Instant) -> list[tuple[str, str]]:
        """The days to go to from here: the name of the way and the day."""
        day = day_of(at, self.zone)
        steps = (("month_before", -30), ("day_before", -1), ("day_after", 1), ("month_after", 30))
        first, last = date(1, 2, 1), date.max - timedelta(days=60)
        return [(name, (day + timedelta(days=days)).isoformat()) for name, days in steps if first < day < last]

    # -- the page ------------------------------------------------------------------------------------------------------

    @property
    def in_place(self) -> bool:
        """Whether htmx asks for a part of the page, to put in place of another."""
        return "hx-request" in self.request.headers

    def render(self, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        shared = {"view": self, "actor": self.actor}
        return rendered(self.request, template, self.language, status, self.here, **shared, **values)


Looking = Annotated[View, Depends()]
