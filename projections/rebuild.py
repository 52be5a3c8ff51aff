"""A version built beside the live one, compared with a fresh derivation, and switched to in one step."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow

from domain.refusals import Conflict, Refusal, StoreAway
from event_log.connections import LOST, Pool, borrowed, reading
from event_log.crashpoint import crashpoint
from event_log.follower import Touched
from event_log.named_sql import named_queries
from event_log.reading import Reading
from event_log.turns import Tracking
from projections.journeys import JourneysProjection

_QUERIES = named_queries(Path(__file__).with_suffix(".sql"))

SAMPLE: Final = 200
"""Customers that are derived afresh and compared before a version goes live."""
NEAR: Final = 2000
"""So close to the end of the log a version is, before the live one is made to stand still for it."""


class RebuildDiffers(Refusal):
    """What was built is not what a fresh derivation gives; the live version stays, and the one built was dropped."""


class NothingKept(Conflict):
    """There is no earlier version to go back to, or another one is being built."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a version that is being built is, and where the log ends."""

    position: int
    head: int


@dataclass(frozen=True, slots=True)
class Switched:
    """``compared`` customers were derived afresh, each partition where it stood still; ``None``: somebody else did."""

    version: int
    compared: int | None


class Rebuild:
    """Every method raises ``StoreAway``."""

    name = JourneysProjection.name

    def __init__(self, pool: Pool, log: Reading, projection: JourneysProjection) -> None:
        self._pool = pool
        self._log = log
        self._projection = projection

    def begin(self, *, back: bool = False) -> int:
        """Start a new version, or go on with one that was begun; ``back`` takes the one that was live before.

        Whoever follows the log fills it. Returns its number. Raises ``NothingKept``.
        """
        with reading(self._pool) as connection, connection.transaction():
            row = connection.execute(_QUERIES["building"]).fetchone()
            if row is None or back:
                row = connection.execute(_QUERIES["back" if back else "make"]).fetchone()
            if row is None:
                raise NothingKept()
            return int(row[0])

    def building(self) -> int | None:
        """The number of the version that is being built."""
        with reading(self._pool) as connection:
            row = connection.execute(_QUERIES["building"]).fetchone()
        return None if row is None else int(row[0])

    def became_of(self, version: int) -> Switched:
        """What somebody else has made of a version that is not being built any more. Raises ``RebuildDiffers``."""
        with reading(self._pool) as connection:
            if connection.execute(_QUERIES["live"]).fetchone() != (version,):
                raise RebuildDiffers()
        return Switched(version, None)

    def progress(self, version: int) -> Progress:
        with reading(self._pool) as connection:
            row = connection.execute(_QUERIES["progress"], {"version": version}).fetchone()
        return Progress(*row) if row is not None else Progress(0, 0)

    def finish_if_ready(self) -> Switched | None:
        """Compare and switch, once the version that is being built has caught up; else ``None``.

        To be called again and again: when it has come near, the live version stands still until it is done.
        Raises ``RebuildDiffers``.
        """
        version = self.building()
        if version is None or not self._has_caught_up(version):
            return None
        try:
            return self._finish(version)
        except psycopg.errors.LockNotAvailable:
            # Whoever follows it is in the middle of a long turn.
            return None
        except LOST as error:
            raise StoreAway() from error
        except RebuildDiffers:
            with reading(self._pool) as connection:
                connection.execute(_QUERIES["drop_building"])
            raise

    def _has_caught_up(self, version: int) -> bool:
        progress = self.progress(version)
        if progress.position < progress.head - NEAR:
            return False
        with reading(self._pool) as connection:
            connection.execute(_QUERIES["yield"])
            return connection.execute(_QUERIES["has_caught_up"], {"version": version}).fetchone() == (True,)

    def _finish(self, version: int) -> Switched | None:
        """``None`` while somebody else does."""
        pool = self._pool.at_version(f"{self.name}_{version}")
        with borrowed(pool) as connection, connection.transaction():
            if connection.execute(_QUERIES["alone"]).fetchone() != (True,):
                return None
            partitions = connection.execute(_QUERIES["hold_still"], {"version": version}).fetchall()
            asked = {"version": version, "size": SAMPLE}
            sample = [customer for (customer,) in connection.execute(_QUERIES["sample"], asked)]
            for partition, position, worked_until in partitions:
                own = [customer for customer in sample if customer.bytes[0] % len(partitions) == partition]
                self._compare(connection, own, Tracking(position, worked_until))
            crashpoint("rebuild.before_switch")
            if connection.execute(_QUERIES["make_live"], {"version": version}).fetchone() != (True,):
                return None
        crashpoint("rebuild.after_switch")
        return Switched(version, len(sample))

    def _compare(self, connection: Connection[TupleRow], customers: Sequence[UUID], at: Tracking) -> None:
        """Derive them from nothing, and compare with what stands there; what stands there stays."""
        if not customers:
            return
        stored = connection.execute(_QUERIES["say_everything"], {"customers": list(customers)}).fetchall()
        with connection.transaction(force_rollback=True):
            self._projection.forget(connection, customers)
            publications = self._log.publications(at.position)
            touched = [Touched(customer, anew=True) for customer in customers]
            failed = [*self._projection.write(connection, touched, publications, at, at)]
            derived = connection.execute(_QUERIES["say_everything"], {"customers": list(customers)}).fetchall()
        if failed or stored != derived:
            raise RebuildDiffers()
