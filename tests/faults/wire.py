"""A wire between us and Postgres: cut or slowed or silent, or losing an answer at the worst moment."""

import contextlib
import select
import socket
import threading
import time
from collections.abc import Iterator

from psycopg.conninfo import conninfo_to_dict, make_conninfo

COMMIT = b"COMMIT\0"


class Wire:
    """Listens on a port of its own and passes bytes on, in either direction.

    ``swallow`` says how many answers to COMMIT are to be lost, ``cut`` how many COMMITs before they arrive; both count
    down. ``delay`` are the seconds each piece is on its way. While it is ``silent`` nothing arrives and nobody is told.
    """

    def __init__(self, conninfo: str) -> None:
        self._target = conninfo_to_dict(conninfo)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.conninfo = make_conninfo(conninfo, host="127.0.0.1", port=self._listener.getsockname()[1])
        self.swallow = 0
        self.cut = 0
        self.delay = 0.0
        self._lock = threading.Lock()
        self._passing = threading.Event()
        self._passing.set()
        self._open: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def connections(self) -> int:
        """That are open."""
        with self._lock:
            return len(self._open)

    @contextlib.contextmanager
    def silent(self) -> Iterator[None]:
        """A black hole; at its end all that was sent meanwhile arrives."""
        self._passing.clear()
        try:
            yield
        finally:
            self._passing.set()

    def hang_up(self) -> int:
        """Cut every connection there is; returns their number."""
        with self._lock:
            connections = [*self._open]
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        return len(connections)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._passing.set()
        self._threads[0].join()
        self.hang_up()
        for thread in self._threads[1:]:
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                ours, _ = self._listener.accept()
                relay = threading.Thread(target=self._relay, args=(ours,))
                self._threads.append(relay)
                relay.start()

    def _server(self) -> socket.socket:
        host, port = str(self._target["host"]), self._target.get("port", 5432)
        if not host.startswith("/"):
            return socket.create_connection((host, int(str(port))))
        server = socket.socket(socket.AF_UNIX)
        try:
            server.connect(f"{host}/.s.PGSQL.{port}")
        except OSError:
            server.close()
            raise
        return server

    def _relay(self, ours: socket.socket) -> None:
        with ours, contextlib.suppress(OSError), self._server() as theirs:
            with self._lock:
                self._open.add(ours)
            try:
                self._pass_on(ours, theirs)
            finally:
                with self._lock:
                    self._open.discard(ours)

    def _pass_on(self, ours: socket.socket, theirs: socket.socket) -> None:
        while True:
            for source in select.select([ours, theirs], [], [])[0]:
                data = source.recv(65536)
                self._passing.wait()
                if not data:
                    return
                if source is ours and COMMIT in data and self._lost_at_commit(theirs, data):
                    return
                time.sleep(self.delay)
                (theirs if source is ours else ours).sendall(data)

    def _lost_at_commit(self, theirs: socket.socket, commit: bytes) -> bool:
        with self._lock:
            cut, swallow = self.cut > 0, self.swallow > 0 and self.cut == 0
            self.cut -= cut
            self.swallow -= swallow
        if swallow:
            theirs.sendall(commit)
            theirs.recv(65536)
        return cut or swallow


@contextlib.contextmanager
def wire(conninfo: str) -> Iterator[Wire]:
    between = Wire(conninfo)
    try:
        yield between
    finally:
        between.close()
