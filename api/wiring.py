"""What the service is made of, put together in one place; the clock, ids and randomness come in here."""

import hashlib
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from psycopg.conninfo import make_conninfo

from api.database_clock import DatabaseClock
from api.embedded_postgres import AlreadyRunning, EmbeddedPostgres
from api.head_file import HeadFile, refuse_older
from api.kept_backtests import KeptBacktests
from api.keyring import Keyring
from api.settings import Settings
from domain.instants import SECOND, Duration
from domain.journey.in_force import Version
from domain.refusals import StoreAway, UnknownJourney
from event_log.committing import Committing
from event_log.connections import LOST, Pool, open_pool
from event_log.group_commit import GroupCommit
from event_log.leases import Lease
from event_log.log import EventLog, open_log
from event_log.operating import Operating
from event_log.published import version_of
from migrations.apply import migrate
from projections.board import Board
from projections.journeys import Filling, JourneysProjection
from projections.opportunities import Opportunities
from projections.rebuild import Rebuild
from projections.standing_now import StandingNow
from projections.trail import TrailRows

if TYPE_CHECKING:
    from projections.archive import Archive


@dataclass(frozen=True, slots=True)
class Service:
    """What there is, as seen through ``pool``; read models are made of pool and log, so that they see no more."""

    pool: Pool
    log: EventLog
    committing: Committing
    clock: DatabaseClock
    keys: Keyring
    login_key: bytes
    archive_in: str
    ahead: Duration = field(default=300 * SECOND)

    @property
    def board(self) -> Board:
        return Board(self.pool, self.log.reading)

    @property
    def trail(self) -> TrailRows:
        return TrailRows(self.pool, self.log.reading)

    @property
    def opportunities(self) -> Opportunities:
        return Opportunities(self.pool, self.log.reading)

    @property
    def standing_now(self) -> StandingNow:
        return StandingNow(self.pool, self.log.master, self.log.published)

    @property
    def operating(self) -> Operating:
        return Operating(self.pool)

    @property
    def rebuild(self) -> Rebuild:
        reading = self.log.reading
        return Rebuild(self.pool, reading, JourneysProjection(reading, os.urandom))

    @property
    def archive(self) -> "Archive":
        return archive_of(self.pool, self.log, self.archive_in)

    @property
    def backtests(self) -> KeptBacktests:
        return KeptBacktests(self.pool)

    def staff(self, asked: str | None) -> str | None:
        """Whose customers a list is of: a seller's lists are of their own, whatever is asked."""
        return asked if self.pool.seller is None else self.pool.seller

    def versions(self, journey: str, position: int | None = None, *, unknown_is_none: bool = False) -> list[Version]:
        """The rulebook's versions known at a position (default: now). Raises ``UnknownJourney`` where there is none."""
        found = self.log.publications.of(journey, position)
        if not found and not unknown_is_none:
            raise UnknownJourney()
        return [version_of(publication) for publication in found]

    def journeys(self) -> list[str]:
        return sorted({publication.journey for publication in self.log.reading.publications()})


@contextmanager
def database(settings: Settings) -> Iterator[str]:
    """The conninfo of the database the settings select; an embedded one runs as long as the context is open.

    One that another Trailbook runs on the same folder is used.
    """
    if settings.database_url is not None:
        # Where several servers are named, the one that takes writes: what a standby answers may be old.
        yield make_conninfo(settings.database_url.get_secret_value(), target_session_attrs="read-write")
        return
    server = EmbeddedPostgres(settings.home)
    try:
        conninfo = server.start()
    except AlreadyRunning:
        yield server.attach()
        return
    try:
        yield conninfo
    finally:
        server.stop()


@contextmanager
def service(settings: Settings, conninfo: str) -> Iterator[Service]:
    """A wired service on a database, its schema brought to head first. Raises ``LogWentBack`` among others."""
    try:
        migrate(conninfo)
    except LOST as error:
        raise StoreAway() from error
    pool = open_pool(conninfo)
    try:
        master = master_key(settings.home)
        log = wired_log(pool, master)
        refuse_older(pool, HeadFile(settings.home), settings.accept_older_than)
        login_key = hashlib.sha256(b"trailbook login" + master).digest()
        with closing(Committing(GroupCommit(log.intake))) as committing:
            clock = DatabaseClock(log.reading.now)
            keyring, ahead = Keyring(pool), settings.ahead_seconds * SECOND
            yield Service(pool, log, committing, clock, keyring, login_key, archive_in(settings), ahead)
    finally:
        pool.close()


def archive_in(settings: Settings) -> str:
    """The folder of the archive, as a path or a URI."""
    return settings.archive if settings.archive is not None else str(settings.home / "archive")


def archive_of(pool: Pool, log: EventLog, folder: str) -> "Archive":
    # Arrow takes a quarter of a second to be imported: for those who need it.
    from batch_fold.record_files import Folder
    from projections.archive import Archive

    return Archive(pool, log.reading, log.master, Folder.of(folder), lambda: uuid4().hex)


def filled_from_archive(pool: Pool, log: EventLog, folder: str) -> Callable[[Lease], Filling | None]:
    """What fills a version that is built from nothing."""

    def prepared(lease: Lease) -> Filling | None:
        from projections.batch_build import BatchBuild

        return BatchBuild(archive_of(pool, log, folder), log.reading).prepared(lease)

    return prepared


def wired_log(pool: Pool, master: bytes) -> EventLog:
    return open_log(pool, master, uuid4, os.urandom, os.environ)


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
