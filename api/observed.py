"""Every request as it looks from outside, told when it is answered: never what it said."""

from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
NOWHERE: Final = "(none)"


@dataclass(frozen=True, slots=True)
class Answered:
    """``route`` is the template, as ``/v1/facts/{position}``; ``refusal`` the name of a problem, if it was one."""

    method: str
    route: str
    status: int
    seconds: float
    refusal: str | None


REFUSAL: Final = "trailbook.refusal"
"""Where in the scope the name of a problem stands, if the answer is one."""


class Observed:
    """An ASGI app around another one; ``told`` are called once a request, in the event loop: they must not wait."""

    def __init__(self, app: App, told: Sequence[Callable[[Answered], None]]) -> None:
        self._app = app
        self._told = told

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = perf_counter()
        # What answers nothing has failed.
        status = 500

        def noting(message: Message) -> Awaitable[None]:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            return send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            method = scope["method"]
            answered = Answered(
                method if method in METHODS else NOWHERE,
                getattr(scope.get("route"), "path", NOWHERE),
                status,
                perf_counter() - begun,
                scope.get(REFUSAL),
            )
            for tell in self._told:
                tell(answered)
