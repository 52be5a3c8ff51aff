"""`/today/{journey}`: whom to talk to on a day, and why; of today, of tomorrow, and of any day as it was shown then."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Query
from fastapi.responses import HTMLResponse

from api.board.forms import new_form_id
from api.board.refusing import page_router
from api.board.view import Looking, View
from api.days import day_named, day_of
from api.login import logged_in
from api.opportunities import known_by_rows, question_of
from api.opportunity_ids import opportunity_id
from domain.instants import Instant
from projections.opportunities import DayQuestion, Listed

CARDS = 50

router = page_router()


@dataclass(frozen=True, slots=True)
class Asked:
    """``known_at`` asks for the list as it was shown; ``staff`` and ``kind`` leave everybody through when empty."""

    on: str = ""
    known_at: str = ""
    staff: str = ""
    kind: str = ""

    def link(self, **changes: str) -> str:
        """The same list with something else asked."""
        values = {**asdict(self), **changes}
        return "?" + urlencode({name: value for name, value in values.items() if value})


@dataclass(frozen=True, slots=True)
class DayList:
    """The cards of everybody that may be seen, ranked; ``chosen`` are those of the seller and kind asked for."""

    question: DayQuestion
    day: date
    today: date
    cards: Sequence[Listed]
    chosen: Sequence[Listed]
    behind: bool

    @property
    def tense(self) -> str:
        return "past" if self.day < self.today else "today" if self.day == self.today else "ahead"

    @property
    def sellers(self) -> list[tuple[str, int]]:
        """With the number of cards open; nobody's last."""
        found = Counter({listed.card.staff or "": 0 for listed in self.cards})
        found.update(listed.card.staff or "" for listed in self.cards if listed.card.open)
        return sorted(found.items(), key=lambda seller: (not seller[0], seller[0]))

    def kinds(self, staff: str) -> list[tuple[str, int]]:
        cards = [listed.card for listed in self.cards if staff in ("", listed.card.staff)]
        return sorted(Counter(card.kind for card in cards if card.open).items())

    def part(self, open: bool, start: int) -> tuple[list[Listed], int | None]:
        """The next open or worked cards from a place of the list on, and the place where they go on.

        The places are those of the whole list, so that working a card in between moves no other.
        """
        found = [(place, listed) for place, listed in enumerate(self.chosen) if listed.card.open == open]
        coming = [(place, listed) for place, listed in found if place >= start]
        return [listed for _, listed in coming[:CARDS]], coming[CARDS][0] if len(coming) > CARDS else None


@router.get("/today/{journey}", dependencies=[Depends(logged_in)])
def today(view: Looking, journey: str, asked: Annotated[Asked, Depends()]) -> HTMLResponse:
    """The list of a day: open cards by rank, below them those that are done with."""
    listed = day_list(view.to(journey, "today"), asked)
    return view.render(
        "today.html",
        list=listed,
        asked=asked,
        days=_days(listed),
        rules=view.versions[-1].rulebook.opportunities,
        own=view.service.pool.seller is not None,
        **_cards(view, listed, asked, True, 0),
        worked=_cards(view, listed, asked, False, 0),
        total=sum(found.card.open for found in listed.chosen),
        worked_total=sum(not found.card.open for found in listed.chosen),
    )


@router.get("/today/{journey}/cards", dependencies=[Depends(logged_in)])
def more(
    view: Looking,
    journey: str,
    asked: Annotated[Asked, Depends()],
    start: Annotated[int, Query(ge=0, lt=2**31)] = 0,
    open: bool = True,
) -> HTMLResponse:
    """The next cards, as a fragment."""
    listed = day_list(view.to(journey, "today"), asked)
    return view.render("today_cards.html", list=listed, asked=asked, **_cards(view, listed, asked, open, start))


def day_list(view: View, asked: Asked) -> DayList:
    """Raises ``UnknownJourney``, ``NotUnderstood``, ``AheadOfNow``."""
    service, journey = view.service, view.journey or ""
    known_at: Instant | None = view.instant(asked.known_at, 0) if asked.known_at else None
    known = known_by_rows(service, known_at)
    day = day_named(asked.on) if asked.on else None
    question = question_of(service, journey, asked.on or None, known, None)
    cards = service.opportunities.of_day(question)
    chosen = [found for found in cards if _fits(found, asked, service.staff(asked.staff or None))]
    now = day_of(service.log.reading.now(), view.zone)
    behind = known_at is None and known[1] < service.log.reading.head()
    return DayList(question, day or day_of(known[0], view.zone), now, cards, chosen, behind)


def _fits(found: Listed, asked: Asked, staff: str | None) -> bool:
    return staff in (None, found.card.staff) and asked.kind in ("", found.card.kind)


def _cards(view: View, listed: DayList, asked: Asked, open: bool, start: int) -> dict[str, Any]:
    """What the template of cards takes."""
    cards, after = listed.part(open, start)
    journey = listed.question.journey
    # The rows know the stages as believed now: beside a list as it was shown they would not be true.
    numbers = [] if asked.known_at else [found.number for found in cards]
    at = min(listed.question.day.upto, listed.question.known_at)
    stages = view.service.board.stages_of(journey, numbers, at)
    return {
        "cards": [(_id(journey, found), found.card, stages.get(found.number)) for found in cards],
        "after": after,
        "open": open,
        "may_work": view.actor.may("work") and listed.tense == "today" and not asked.known_at,
        "new_id": new_form_id,
    }


def _id(journey: str, found: Listed) -> str:
    """A reason that can be worked: what is done with does not open the card again."""
    reason = next((one for one in found.card.reasons if one.ended_at is None), found.card.reasons[0])
    return opportunity_id(found.number, journey, reason.rule.id, reason.opened_at)


def _days(listed: DayList) -> list[tuple[str, str, bool]]:
    """Yesterday, today and tomorrow, and the days beside the one that is shown: name, day, whether it is this one."""
    ways = [("yesterday", -1), ("today", 0), ("tomorrow", 1)]
    named = [(name, listed.today + timedelta(days=days)) for name, days in ways]
    return [(name, "" if name == "today" else day.isoformat(), day == listed.day) for name, day in named]
