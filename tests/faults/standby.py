"""A primary and its standby, made of the programs in the wheel: base backup, streaming, kill, promotion."""

import os
import shutil
import signal
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from api.embedded_postgres import EmbeddedPostgres
from tests.faults.waiting import seconds_until


class Standby(EmbeddedPostgres):
    """Begun as a copy of a running primary, which it then follows until it is promoted; same accounts and passwords."""

    def __init__(self, home: Path, primary: EmbeddedPostgres) -> None:
        super().__init__(home)
        self._primary = primary

    def promote(self) -> None:
        """From here on it takes writes."""
        execute(self, "select pg_promote()")

    def _make(self, half: Path) -> None:
        shutil.copy2(self._primary.home / "postgres" / "password", half.parent)
        self._run(
            "pg_basebackup",
            f"--dbname={reachable(self._primary, dbname='postgres')}",
            f"--pgdata={half}",
            "--write-recovery-conf",
            "--checkpoint=fast",
        )


def reachable(server: EmbeddedPostgres, **changes: str) -> str:
    """Its conninfo over loopback, as from another machine."""
    return make_conninfo(server.conninfo, host="127.0.0.1", **changes)


def whichever_writes(*servers: EmbeddedPostgres) -> str:
    """One conninfo for all of them: libpq looks for the one that takes writes."""
    hosts, ports = ",".join("127.0.0.1" for _ in servers), ",".join(str(server.port) for server in servers)
    return make_conninfo(servers[0].conninfo, host=hosts, port=ports, target_session_attrs="read-write")


def waits_for_a_standby(primary: EmbeddedPostgres) -> None:
    """From here on no commit of the primary is acknowledged before a standby has it on disk."""
    # Of the primary alone: the copy was made before, so a standby that is promoted waits for nobody.
    execute(primary, "alter system set synchronous_standby_names = 'ANY 1 (*)'")
    execute(primary, "select pg_reload_conf()")
    seconds_until(lambda: execute(primary, "select sync_state from pg_stat_replication") == [("quorum",)])


def execute(server: EmbeddedPostgres, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(server.conninfo, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def kill(server: EmbeddedPostgres) -> None:
    """kill -9, and nobody starts it again before it is asked for."""
    pid = int((server.home / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[0])
    os.kill(pid, signal.SIGKILL)
    server.stop()
