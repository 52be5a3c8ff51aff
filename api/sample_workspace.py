"""What a first start or `trailbook sample` loads: a course seller, alive to yesterday, and a grocery chain."""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from importlib.resources import as_file, files
from itertools import islice
from time import sleep
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from api.course_sales.diary import JOURNEY
from api.course_sales.lateness import Learned
from api.course_sales.rhythm import day_of
from api.course_sales.world import World, facts_of
from api.importing import Imported, Sent, read_all, store
from api.publishing import Draft, first, publish
from api.wiring import Service
from domain.facts import Fact
from domain.instants import Instant, rfc_3339
from domain.strict_json import canonical
from event_log.state import Publication

Say = Callable[[str], None]

GROCERY: Final = "grocery"
SAMPLE_DAY: Final = "2017-06-01"
"""The grocery chain's history ends on 2018-01-01, so links into it ask for a day of 2017."""

FIRST_START: Final = (2_000, 120, 1)
"""Customers, days and seed of the course seller that a first start shows."""

_LAST_OF_GROCERY = ("complete_journey", "163361")
"""The fact that goes in last; without it a first start was interrupted and is gone on with."""
_BECAUSE = "First rules of the sample, whose days go up to "
_LAST_DAY = re.compile(re.escape(_BECAUSE) + r"(\d{4}-\d{2}-\d{2})\.")
_BY = "trailbook sample"
_TOGETHER = 100
"""Customers handed to the importer at once, so that memory stays small however many there are."""


# -- on the first start ------------------------------------------------------------------------------------------------


def load_first_sample(wired: Service, wanted: str, say: Say) -> None:
    """What people look at first: of ``both`` the course seller. What is there already is left alone."""
    loaded = 0
    if wanted in (JOURNEY, "both"):
        loaded = _load_first_course_sales(wired, say)
    elif wanted == GROCERY:
        loaded = load_grocery(wired, say)
    if loaded:
        _wait_until_derived(wired, loaded)


def is_to_follow(wired: Service, wanted: str) -> bool:
    """Whether the grocery chain's history is still to be loaded, beside the service that answers already."""
    return wanted == "both" and wired.log.reading.fact(*_LAST_OF_GROCERY) is None


def first_page(wanted: str) -> str:
    """Where there is something to see."""
    if wanted == GROCERY:
        return f"/board/{GROCERY}?as_of={SAMPLE_DAY}"
    return "/" if wanted == "none" else f"/today/{JOURNEY}"


def _load_first_course_sales(wired: Service, say: Say) -> int:
    """The last position stored, 0 if nothing was."""
    customers, days, seed = FIRST_START
    world = World(customers, days, seed, last_day(wired))
    last = _last_late(world)
    if last is not None and wired.log.reading.fact(*last.key) is not None:
        return 0
    if any(publication.by != _BY for publication in wired.log.publications.of(JOURNEY)):
        say(f"The journey {JOURNEY} has rulebooks of its own; the sample is left out.")
        return 0
    return load_course_sales(wired, world, say).position


def load_grocery(wired: Service, say: Say) -> int:
    """The last position stored, 0 if nothing was."""
    if not wired.log.publications.of(GROCERY):
        draft = Draft(
            _text("sample", "rulebook.yaml"), because="The sample workspace's own rules.", effective_from=None
        )
        publish(wired, GROCERY, draft, by="trailbook", based_on=first)
    if wired.log.reading.fact(*_LAST_OF_GROCERY) is not None:
        return 0
    say("Loading the sample of a grocery chain: 164,539 facts of 2,469 households, 2016 and 2017 ...")
    with as_file(files("api") / "sample" / "complete_journey.ndjson.gz") as path, _progress() as progress:
        reading = progress.add_task("reading", total=1)
        sent, _ = read_all(path, wired.log.reading.now())
        progress.update(reading, completed=1)
        storing = progress.add_task("storing", total=len(sent))
        return store(wired, sent, lambda count: progress.advance(storing, count)).position


# -- the course seller -------------------------------------------------------------------------------------------------


def last_day(wired: Service) -> date:
    """The last day of the sample that is there, so that the same arguments mean the same facts; else yesterday."""
    for publication in wired.log.publications.of(JOURNEY):
        found = _LAST_DAY.search(publication.because)
        if found is not None:
            return date.fromisoformat(found[1])
    return yesterday(wired.log.reading.now())


def yesterday(now: Instant) -> date:
    """In Asia/Shanghai."""
    return date(1970, 1, 1) + timedelta(days=day_of(now) - 1)


def load_course_sales(wired: Service, world: World, say: Say) -> Imported:
    """Publish both versions of the rulebook where none is, and store the facts: first what was learned in time, then
    what was late or comes twice, because when something was learned is the clock of our database at intake."""
    _publish(wired, world, say)
    days = f"{world.days} days up to {world.last_day}"
    say(f"Loading {world.customers:,} customers of the course seller 知行学堂, {days} ...")
    loaded = Imported()
    with _progress() as progress:
        storing = progress.add_task("storing", total=2 * world.customers)
        for in_time in (True, False):
            _store(wired, _wave(world, in_time), loaded, lambda customers: progress.advance(storing, customers))
    return loaded


def rulebook_versions(world: World) -> list[tuple[str, Instant | None, Instant]]:
    """Each version of the world: its text, since when it is in force, and when it was published (in files of it)."""
    return [
        (_text("course_sales", "rulebook_v1.yaml"), None, world.start),
        (_text("course_sales", "rulebook_v2.yaml"), world.middle, world.middle),
    ]


def _publish(wired: Service, world: World, say: Say) -> None:
    present = wired.log.publications.of(JOURNEY)
    if any(publication.by != _BY for publication in present):
        say(f"The journey {JOURNEY} has rulebooks of its own: none is published, its {len(present)} judge the sample.")
        return
    reasons = (f"{_BECAUSE}{world.last_day}.", "沉默放宽到 21 天；读得深的也上机会榜。")
    for number, (text, since, _) in enumerate(rulebook_versions(world)):
        if number < len(present):
            continue
        draft = Draft(text, reasons[number], None if since is None else rfc_3339(since), retroactive=True)
        publish(wired, JOURNEY, draft, by=_BY, based_on=_is_number(number))
    if present:
        say(f"The journey {JOURNEY} has the sample's rulebooks already.")


def _is_number(number: int) -> Callable[[Publication | None], bool]:
    return lambda newest: (0 if newest is None else newest.version) == number


def _wave(world: World, in_time: bool) -> Iterator[list[Fact]]:
    """Customer by customer, what was learned in time, or else what came late and what came twice."""
    for index in range(world.customers):
        deliveries = facts_of(index, world.seed, world.days, world.end)
        yield [learned.fact for learned in deliveries if learned.in_time is in_time]


def _store(wired: Service, customers: Iterable[list[Fact]], total: Imported, stored: Callable[[int], None]) -> None:
    """Adds to ``total``; ``stored`` is told how many customers a group had. Whole customers go in together."""
    coming = iter(customers)
    while group := list(islice(coming, _TOGETHER)):
        sent = [Sent(0, len(canonical(fact.content())), fact) for facts in group for fact in facts]
        done = store(wired, sent, lambda _: None)
        total.accepted += done.accepted
        total.duplicates += done.duplicates
        total.position = max(total.position, done.position)
        stored(len(group))


def _last_late(world: World) -> Fact | None:
    """The new fact that goes in last."""
    for index in reversed(range(world.customers)):
        deliveries: list[Learned] = list(facts_of(index, world.seed, world.days, world.end))
        late = [learned.fact for learned in deliveries if not learned.in_time and not learned.again]
        if late:
            return late[-1]
    return None


# -- both --------------------------------------------------------------------------------------------------------------


def _wait_until_derived(wired: Service, position: int) -> None:
    with _progress() as progress:
        deriving = progress.add_task("deriving where they stand", total=position)
        while (at := wired.board.worked()[0]) < position:
            progress.update(deriving, completed=at)
            sleep(0.1)
        progress.update(deriving, completed=position)


def _progress() -> Progress:
    columns = (TextColumn("  {task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True))


def _text(folder: str, name: str) -> str:
    return (files("api") / folder / name).read_text(encoding="utf-8")
