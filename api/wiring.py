"""What the service is made of, put together in one place; the clock, ids and randomness come in here."""

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from uuid import uuid4

from api.access import Keys
from api.embedded_postgres import EmbeddedPostgres
from api.settings import Settings
from domain.instants import SECOND, Duration
from domain.journey.in_force import ALWAYS, Version, version
from domain.refusals import UnknownJourney
from domain.rulebook.document import Rulebook
from domain.rulebook.reader import rulebook
from event_log.connections import Pool, open_pool
from event_log.log import EventLog, open_log
from event_log.state import Publication
from migrations.apply import migrate


@dataclass(frozen=True, slots=True)
class Service:
    pool: Pool
    log: EventLog
    keys: Keys
    ahead: Duration = field(default=300 * SECOND)

    def versions(self, journey: str, position: int | None = None) -> list[Version]:
        """The rulebook's versions known at a position (default: now). Raises ``UnknownJourney``."""
        found = self.log.publications.of(journey, position)
        if not found:
            raise UnknownJourney()
        return versions_of(found)

    def journeys(self) -> list[str]:
        return sorted({publication.journey for publication in self.log.reading.publications()})


def versions_of(publications: Sequence[Publication]) -> list[Version]:
    return [
        version(
            _parsed(publication.document),
            publication.version,
            ALWAYS if publication.effective_from is None else publication.effective_from,
            publication.published_at,
        )
        for publication in publications
    ]


@lru_cache(maxsize=256)
def _parsed(document: str) -> Rulebook:
    # Immutable and a function of its text alone, so one copy serves the process.
    return rulebook(document)


@contextmanager
def database(settings: Settings) -> Iterator[str]:
    """The conninfo of the database the settings select; an embedded one runs as long as the context is open."""
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    with EmbeddedPostgres(settings.home) as server:
        yield server.conninfo


@contextmanager
def service(settings: Settings, conninfo: str) -> Iterator[Service]:
    """A wired service on a database, its schema brought to head first."""
    migrate(conninfo)
    pool = open_pool(conninfo)
    try:
        log = open_log(pool, master_key(settings.home), uuid4, os.urandom, os.environ)
        yield Service(pool, log, Keys(pool), settings.ahead_seconds * SECOND)
    finally:
        pool.close()


def master_key(home: Path) -> bytes:
    """The 32 bytes that wrap every customer's key, made on first use; whoever loses the file loses what is sealed."""
    file = home / "master.key"
    home.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        made = file.with_suffix(f".{os.getpid()}")
        made.touch(mode=0o600)
        made.write_bytes(secrets.token_bytes(32))
        # A link does not replace: of two that start at once the first one's key stays.
        with suppress(FileExistsError):
            os.link(made, file)
        made.unlink()
    return file.read_bytes()
