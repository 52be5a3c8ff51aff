"""The bundled sample: 2,469 households of a grocery chain, loaded on the first start."""

from collections.abc import Callable
from importlib.resources import as_file, files
from time import sleep
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from api.importing import read_all, store
from api.publishing import Draft, first, publish
from api.wiring import Service

SAMPLE_JOURNEY: Final = "grocery"
SAMPLE_DAY: Final = "2017-06-01"
"""The history ends on 2018-01-01, so the links that are printed ask for a day of 2017."""


_LAST_STORED = ("complete_journey", "163361")
"""The fact that goes in last; without it a first start was interrupted and is gone on with."""


def load_sample(wired: Service, say: Callable[[str], None]) -> None:
    """Publish the sample's rulebook and import its facts, with a progress bar; what is there already is left alone."""
    if not wired.log.publications.of(SAMPLE_JOURNEY):
        _publish(wired)
    if wired.log.reading.fact(*_LAST_STORED) is not None:
        return
    with as_file(files("api") / "sample" / "complete_journey.ndjson.gz") as path:
        say("First start: loading the sample, 164,539 facts of 2,469 households ...")
        columns = (TextColumn("  {task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True)) as progress:
            reading = progress.add_task("reading", total=1)
            sent, _ = read_all(path, wired.log.reading.now())
            progress.update(reading, completed=1)
            storing = progress.add_task("storing", total=len(sent))
            done = store(wired, sent, lambda count: progress.advance(storing, count))
            deriving = progress.add_task("deriving where they stand", total=done.position)
            while (at := wired.board.worked()[0]) < done.position:
                progress.update(deriving, completed=at)
                sleep(0.1)
            progress.update(deriving, completed=done.position)


def _publish(wired: Service) -> None:
    text = (files("api") / "sample" / "rulebook.yaml").read_text(encoding="utf-8")
    draft = Draft(text, because="The sample workspace's own rules.", effective_from=None)
    publish(wired, SAMPLE_JOURNEY, draft, by="trailbook", based_on=first)
