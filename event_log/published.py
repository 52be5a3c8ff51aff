"""From publications in the log to the versions that a fold takes."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from uuid import UUID

from domain.journey.in_force import ALWAYS, Version, version
from domain.rulebook.document import Rulebook
from domain.rulebook.reader import rulebook
from event_log.reading import Reading
from event_log.state import Publication

Newest = tuple[int, UUID] | None
"""Position and event number of the newest publication; ``None`` where nothing is published."""


class Published:
    """The versions of all journeys, read again only where there is a newer publication: what is published stays so."""

    def __init__(self, log: Reading) -> None:
        self._log = log
        self._held: tuple[Newest, Mapping[str, Sequence[Version]]] = (None, {})

    def versions(self, newest: Newest) -> Mapping[str, Sequence[Version]]:
        """By journey, as of the newest publication there is. Raises ``StoreAway``, ``EntryDamaged``."""
        # A position alone would not do: after a restored backup another publication may have it.
        held, versions = self._held
        if held != newest:
            versions = {} if newest is None else versions_by_journey(self._log.publications(newest[0]))
            self._held = newest, versions
        return versions


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
    return version(_rulebook(document), number, effective_from, published_at)


@lru_cache(maxsize=256)
def _rulebook(document: str) -> Rulebook:
    # Reading is the dear part, and what was published before is often published again.
    return rulebook(document)
