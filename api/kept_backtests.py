"""Backtests in the database: those that wait, the one that is run, and what came of the newest hundred."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow

from domain.instants import SECOND, Instant, rfc_3339
from domain.refusals import AnotherBacktestAsked, BacktestsWaiting, UnknownBacktest
from event_log.connections import Pool, reading
from event_log.named_sql import named_queries

if TYPE_CHECKING:
    import pyarrow as pa

_QUERIES = named_queries(Path(__file__).with_suffix(".sql"))

State = Literal["queued", "running", "done", "failed", "cancelled"]

KEPT: Final = 100
"""So many that ended are kept, the newest; nothing keeps an older one."""
MOST_WAITING: Final = 20
TRIES: Final = 2
"""How often a backtest is begun whose runners die."""
SILENCE: Final = 30 * SECOND
"""After so long without a word a runner is taken for dead."""
ROWS_TOGETHER: Final = 10_000
NEWEST: Final = 2**62
"""Before every backtest, in the list."""
_DIED_TWICE: Final = "What ran it ended twice without a word, perhaps for want of memory."


class NoLongerOurs(Exception):
    """It was cancelled, or another runner has it: what comes of it here is of no use."""


@dataclass(frozen=True, slots=True)
class KeptBacktest:
    """``asked`` is JSON, ``document`` the candidate as it was sent; ``number`` is its place in the list.

    ``progress`` is JSON too, ``{"done", "of", "said"}``, while it is run; ``failure`` the sentence of a failed one;
    ``headline`` says how many customers differ and stand elsewhere. A list has no reports.
    """

    number: int
    id: UUID
    journey: str
    state: State
    by: str
    asked_at: Instant
    started_at: Instant | None
    ended_at: Instant | None
    asked: dict[str, Any]
    document: str
    progress: dict[str, Any] | None
    failure: str | None
    headline: dict[str, Any] | None
    report: dict[str, Any] | None

    def as_json(self) -> dict[str, Any]:
        """As a list shows it."""
        return {
            "id": str(self.id),
            "journey": self.journey,
            "state": self.state,
            "by": self.by,
            "asked_at": rfc_3339(self.asked_at),
            "started_at": _written(self.started_at),
            "ended_at": _written(self.ended_at),
            "asked": self.asked,
            "progress": self.progress,
            "failure": self.failure,
            "headline": self.headline,
        }


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to run. ``fingerprint`` is the hash of all that was asked, as it was asked."""

    id: UUID
    journey: str
    asked: dict[str, Any]
    document: str
    by: str
    fingerprint: bytes

    def values(self) -> dict[str, Any]:
        """As queries name them."""
        return {
            "id": self.id,
            "journey": self.journey,
            "asked": _json(self.asked),
            "document": self.document,
            "by": self.by,
            "fingerprint": self.fingerprint,
        }


class KeptBacktests:
    """Every method raises ``StoreAway``; those of one runner ``NoLongerOurs``."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def page(self, before: int | None, limit: int, journey: str | None = None) -> tuple[list[KeptBacktest], int | None]:
        """The newest first, behind a place in the list; and the place behind which the next page begins."""
        values = {"before": NEWEST if before is None else before, "limit": limit + 1, "journey": journey}
        with reading(self._pool) as connection:
            found = [KeptBacktest(*row) for row in connection.execute(_QUERIES["page"], values)]
        return found[:limit], found[limit - 1].number if len(found) > limit else None

    def one(self, id: UUID) -> KeptBacktest:
        """With its report. Raises ``UnknownBacktest``."""
        with reading(self._pool) as connection:
            row = connection.execute(_QUERIES["one"], {"id": id}).fetchone()
        if row is None:
            raise UnknownBacktest()
        return KeptBacktest(*row)

    def ask(self, wanted: Wanted, key: str | None) -> tuple[KeptBacktest, bool]:
        """Have it wait for a runner; the same asked again under its key is the one there is, and not new.

        Raises ``BacktestsWaiting``, ``AnotherBacktestAsked``.
        """
        with reading(self._pool) as connection, connection.transaction():
            connection.execute(_QUERIES["in_turn"])
            earlier = connection.execute(_QUERIES["under_key"], {"key": key}).fetchone()
            if earlier is not None and bytes(earlier[1]) != wanted.fingerprint:
                raise AnotherBacktestAsked()
            if earlier is None:
                (waiting,) = connection.execute(_QUERIES["waiting"]).fetchone() or (0,)
                if waiting >= MOST_WAITING:
                    raise BacktestsWaiting()
                connection.execute(_QUERIES["ask"], {**wanted.values(), "key": key})
        return self.one(wanted.id if earlier is None else earlier[0]), earlier is None

    def keep(self, wanted: Wanted, started_at: Instant, report: dict[str, Any], differing: "pa.Table") -> None:
        """One that was run where it was asked for."""
        with reading(self._pool) as connection, connection.transaction():
            connection.execute(_QUERIES["keep"], {**wanted.values(), "started_at": started_at, **_came(report)})
            _add_differing(connection, wanted.id, differing)
            connection.execute(_QUERIES["forget_old"], {"kept": KEPT})

    def end(self, id: UUID) -> None:
        """Cancel one that waits or is run; remove one that ended. Raises ``UnknownBacktest``."""
        if not self.cancel(id) and not self._changes("remove", id):
            raise UnknownBacktest()

    def cancel(self, id: UUID) -> bool:
        """Whether it waited or was run until now."""
        return self._changes("cancel", id)

    def differing(self, id: UUID, place: int) -> Iterator[tuple[int, "pa.Table"]]:
        """Who differs, some at a time, each with the place of its first in the list; the first part holds ``place``."""
        # As with the archive: Arrow is imported by those who need it.
        from pyarrow import ipc

        with reading(self._pool) as connection, connection.cursor(binary=True) as cursor:
            for first, rows in cursor.stream(_QUERIES["differing"], {"id": id, "place": place}):
                yield first, ipc.open_stream(rows).read_all()

    def take(self, runner: UUID) -> UUID | None:
        """The next that waits is this runner's now; whoever else was silent for too long is given up before."""
        with reading(self._pool) as connection:
            connection.execute(_QUERIES["give_up"], _gone(None, SILENCE))
            row = connection.execute(_QUERIES["take"], {"runner": runner}).fetchone()
        return None if row is None else row[0]

    def beat(self, id: UUID, runner: UUID) -> None:
        """The runner lives."""
        self._as_runner("beat", id, runner)

    def say(self, id: UUID, runner: UUID, progress: dict[str, Any]) -> None:
        self._as_runner("say", id, runner, progress=_json(progress))

    def fail(self, id: UUID, runner: UUID, sentence: str) -> None:
        self._as_runner("fail", id, runner, failure=sentence)

    def give_back(self, id: UUID, runner: UUID) -> None:
        """We are told to stop; another goes on with it."""
        self._as_runner("give_back", id, runner)

    def finish(self, id: UUID, runner: UUID, report: dict[str, Any], differing: "pa.Table") -> None:
        with self._own(id, runner, "finish", **_came(report)) as connection:
            _add_differing(connection, id, differing)
            connection.execute(_QUERIES["forget_old"], {"kept": KEPT})

    def give_up(self, runner: UUID) -> None:
        """This runner is dead: what it ran is run once more, or has failed."""
        with reading(self._pool) as connection:
            connection.execute(_QUERIES["give_up"], _gone(runner, None))

    def _changes(self, query: str, id: UUID) -> bool:
        with reading(self._pool) as connection:
            return connection.execute(_QUERIES[query], {"id": id}).rowcount > 0

    def _as_runner(self, query: str, id: UUID, runner: UUID, **values: Any) -> None:
        with self._own(id, runner, query, **values):
            pass

    @contextmanager
    def _own(self, id: UUID, runner: UUID, query: str, **values: Any) -> Iterator[Connection[TupleRow]]:
        """A transaction that has begun by changing what only its runner may change."""
        with reading(self._pool) as connection, connection.transaction():
            if not connection.execute(_QUERIES[query], {"id": id, "runner": runner, **values}).rowcount:
                raise NoLongerOurs()
            yield connection


def _gone(runner: UUID | None, silence: int | None) -> dict[str, Any]:
    return {"runner": runner, "silence": silence, "tries": TRIES, "failure": _DIED_TWICE}


def _add_differing(connection: Connection[TupleRow], id: UUID, differing: "pa.Table") -> None:
    from pyarrow import BufferOutputStream, ipc

    packed = ipc.IpcWriteOptions(compression="lz4")
    for first in range(0, differing.num_rows, ROWS_TOGETHER):
        part, sink = differing.slice(first, ROWS_TOGETHER), BufferOutputStream()
        with ipc.new_stream(sink, part.schema, options=packed) as writer:
            writer.write_table(part)
        values = {"id": id, "first": first, "rows": memoryview(sink.getvalue())}
        connection.execute(_QUERIES["add_differing"], values, binary=True)


def _came(report: dict[str, Any]) -> dict[str, str]:
    differ = report["differ"]
    headline = {"differ": differ["customers"], "elsewhere": differ["elsewhere"]}
    return {"headline": _json(headline), "report": _json(report)}


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)


def _written(at: Instant | None) -> str | None:
    return None if at is None else rfc_3339(at)
