"""What our processes say while they run: events with a few known fields, JSON lines unless a person reads them.

No text of anybody's is among them: neither what was sent, nor where it was sent to, nor what an error says.
"""

import logging
import sys
import threading
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from traceback import walk_tb
from types import TracebackType
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict, Processor

from api.observed import Answered

FIELDS: Final = frozenset(
    {
        "customer",
        "kind",
        "known",
        "library",
        "method",
        "ms",
        "parked",
        "partition",
        "port",
        "position",
        "projection",
        "release",
        "route",
        "said",
        "seconds",
        "status",
        "version",
        "where",
        "workers",
    }
)
"""What an event may say of itself; anything else is left out. A customer is a number here."""

_DEEPEST: Final = 8


def log_to(stream: TextIO) -> None:
    """From here on this process logs to ``stream``: also what libraries say, and how a thread of ours ends."""
    person = stream.isatty()
    last: Processor = structlog.dev.ConsoleRenderer(colors=True) if person else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _only_known_fields,
            last,
        ],
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[_Libraries()], level=logging.WARNING, force=True)
    sys.excepthook = _process_ends
    threading.excepthook = _thread_ends
    sys.unraisablehook = _passed_over


def request_answered(answered: Answered) -> None:
    """The request log."""
    structlog.get_logger().info(
        "request",
        method=answered.method,
        route=answered.route,
        status=answered.status,
        ms=round(answered.seconds * 1000, 1),
    )


def fault(error: BaseException) -> dict[str, Any]:
    """What may be said of an error: its kind, and where it came from, the innermost place first."""
    return {"kind": type(error).__name__, "where": list(islice(_places(error.__traceback__), _DEEPEST))}


def _places(at: TracebackType | None) -> Iterator[str]:
    for frame, line in reversed(list(walk_tb(at))):
        yield f"{frame.f_globals.get('__name__', '?')}:{line}"


def _only_known_fields(_: Any, __: str, event: EventDict) -> EventDict:
    ours = ("event", "level", "timestamp", *sorted(FIELDS))
    return {name: event[name] for name in ours if name in event}


class _Libraries(logging.Handler):
    """What a library has to say: where it says it, and its sentence as long as nothing was put into that."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        told = fault(error) if error is not None else {"where": [f"{Path(record.pathname).name}:{record.lineno}"]}
        # Without arguments the sentence may have been put together before, of whatever was at hand.
        said = {"said": record.msg} if record.args and isinstance(record.msg, str) else {}
        log = structlog.get_logger()
        log.log(record.levelno, "a library says", library=record.name, **said, **told)


def _process_ends(kind: type[BaseException], error: BaseException, at: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        structlog.get_logger().critical("the process ends", **fault(error))


def _thread_ends(thread: threading.ExceptHookArgs) -> None:
    if thread.exc_value is not None:
        structlog.get_logger().critical("a thread ends", **fault(thread.exc_value))


def _passed_over(passed: Any) -> None:
    if passed.exc_value is not None:
        structlog.get_logger().error("an error is passed over", **fault(passed.exc_value))
