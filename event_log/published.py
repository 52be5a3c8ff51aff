"""From publications in the log to the versions that a fold takes."""

from collections.abc import Iterable
from functools import lru_cache

from domain.journey.in_force import ALWAYS, Version, version
from domain.rulebook.reader import rulebook
from event_log.state import Publication


def version_of(publication: Publication) -> Version:
    since = ALWAYS if publication.effective_from is None else publication.effective_from
    return _version(publication.document, publication.version, since, publication.published_at)


def versions_by_journey(publications: Iterable[Publication]) -> dict[str, list[Version]]:
    found: dict[str, list[Version]] = {}
    for publication in publications:
        found.setdefault(publication.journey, []).append(version_of(publication))
    return found


@lru_cache(maxsize=1024)
def _version(document: str, number: int, effective_from: int, published_at: int) -> Version:
    # A published version never changes, so one copy of it, machine included, serves the process.
    return version(rulebook(document), number, effective_from, published_at)
