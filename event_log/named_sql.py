"""SQL lives in files, each query under a line ``-- name: ...`` with a sentence; this reads such a file."""

import re
from pathlib import Path

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


def named_queries(path: Path) -> dict[str, bytes]:
    """The queries of a file by name, as bytes because that is how psycopg takes text that was not written in Python."""
    _, *parts = _NAME.split(path.read_text(encoding="utf-8"))
    return {name: sql.strip().encode() for name, sql in zip(parts[::2], parts[1::2], strict=True)}
