"""A wire between us and Postgres that can be cut at the worst moment."""

import contextlib
import select
import socket
import threading
from collections.abc import Iterator

from psycopg.conninfo import conninfo_to_dict, make_conninfo

COMMIT = b"COMMIT\0"


class Wire:
    """Listens on a port of its own and passes bytes on.

    ``swallow`` says how many answers to COMMIT are to be lost, ``cut`` how many COMMITs before they arrive; both count
    down.
    """

    def __init__(self, conninfo: str) -> None:
        self._target = conninfo_to_dict(conninfo)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.conninfo = make_conninfo(conninfo, host="127.0.0.1", port=self._listener.getsockname()[1])
        self.swallow = 0
        self.cut = 0
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                ours, _ = self._listener.accept()
                relay = threading.Thread(target=self._relay, args=(ours, self._server()))
                self._threads.append(relay)
                relay.start()

    def _server(self) -> socket.socket:
        host, port = str(self._target["host"]), self._target.get("port", 5432)
        if not host.startswith("/"):
            return socket.create_connection((host, int(str(port))))
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{host}/.s.PGSQL.{port}")
        return server

    def _relay(self, ours: socket.socket, theirs: socket.socket) -> None:
        with ours, theirs, contextlib.suppress(OSError):
            while True:
                for source in select.select([ours, theirs], [], [])[0]:
                    data = source.recv(65536)
                    if not data:
                        return
                    if source is ours and COMMIT in data and self._lost_at_commit(theirs, data):
                        return
                    (theirs if source is ours else ours).sendall(data)

    def _lost_at_commit(self, theirs: socket.socket, commit: bytes) -> bool:
        if self.cut:
            self.cut -= 1
            return True
        if self.swallow:
            self.swallow -= 1
            theirs.sendall(commit)
            theirs.recv(65536)
            return True
        return False


@contextlib.contextmanager
def wire(conninfo: str) -> Iterator[Wire]:
    between = Wire(conninfo)
    try:
        yield between
    finally:
        between.close()
