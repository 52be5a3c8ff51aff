"""`trailbook sample --out FILE`: the deliveries of a world in order of arrival, as `replay --facts` reads them."""

import gzip
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, cast

from api.course_sales.lateness import Learned
from api.course_sales.rhythm import day_of
from api.course_sales.world import World, facts_of
from domain.instants import Instant, rfc_3339
from domain.rulebook.reader import read

_KEY = 17
"""Bytes before a line that say when it was learned: sixteen digits and a space."""


def write_facts(out: Path, world: World, customer_done: Callable[[], None]) -> int:
    """NDJSON, gzipped where the name ends so; one day is sorted in memory at a time. Returns the number of lines."""
    with TemporaryDirectory(prefix="trailbook-sample-") as folder:
        days = _by_day(Path(folder), world, customer_done)
        written = 0
        with _opened(out) as file:
            for day in days:
                # The order of generation stays among what was learned in one instant.
                for line in sorted(day.read_bytes().splitlines(keepends=True), key=lambda line: line[:_KEY]):
                    file.write(line[_KEY:])
                    written += 1
    return written


def write_rulebooks(out: Path, versions: Iterable[tuple[str, Instant | None, Instant]]) -> None:
    """NDJSON of versions, as `replay --rulebooks` reads it."""
    lines = [
        {
            "version": number,
            "published_at": rfc_3339(published_at),
            "effective_from": None if since is None else rfc_3339(since),
            "document": read(text).document,
        }
        for number, (text, since, published_at) in enumerate(versions, start=1)
    ]
    out.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")


def _by_day(folder: Path, world: World, customer_done: Callable[[], None]) -> Iterator[Path]:
    """Every delivery in the file of the day it was learned on; the files in order, each with a key before each line."""
    with ExitStack() as open_files:
        files: dict[int, IO[bytes]] = {}
        for index in range(world.customers):
            for learned in facts_of(index, world.seed, world.days, world.end):
                day = day_of(learned.at)
                if day not in files:
                    files[day] = open_files.enter_context((folder / str(day)).open("wb"))
                files[day].write(b"%016d " % learned.at + _line(learned))
            customer_done()
    return (folder / str(day) for day in sorted(files))


def _line(learned: Learned) -> bytes:
    event = learned.fact.event()
    data = event.pop("data")
    written = {**event, "recordedat": rfc_3339(learned.at), "data": data}
    return json.dumps(written, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


@contextmanager
def _opened(out: Path) -> Iterator[IO[bytes]]:
    with out.open("wb") as file:
        if out.suffix != ".gz":
            yield file
            return
        # Without a name and a time in its head the same world gives the same bytes.
        with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed:
            yield cast(IO[bytes], packed)
