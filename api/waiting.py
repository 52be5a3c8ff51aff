"""Reading your own writes: any read may ask that the projections have passed a position first."""

import time
from typing import Annotated

from fastapi import Depends, Query, Request

from api.access import Actor, authenticated
from domain.refusals import NotCaughtUp

PATIENCE = 5.0
STEP = 0.02


def caught_up(
    request: Request,
    _: Annotated[Actor, Depends(authenticated)],
    after_position: Annotated[int | None, Query(ge=0, lt=2**62)] = None,
) -> None:
    """Wait until the projections have passed ``after_position``, 5 s at most. Raises ``NotCaughtUp``."""
    if after_position is None:
        return
    board = request.app.state.service.board
    deadline = time.monotonic() + PATIENCE
    while board.worked()[0] < after_position:
        if time.monotonic() > deadline:
            raise NotCaughtUp(f"They are at position {board.worked()[0]}.")
        time.sleep(STEP)
