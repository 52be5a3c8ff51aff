"""Reading your own writes: any read may ask that the projections have passed a position first."""

import time
from typing import Annotated

from fastapi import Depends, Request

from api.access import Actor, authenticated
from api.openapi.parameters import AfterPosition
from domain.refusals import NotCaughtUp
from projections.board import Board

PATIENCE = 5.0
STEP = 0.02


def caught_up(
    request: Request,
    _: Annotated[Actor, Depends(authenticated)],
    after_position: AfterPosition = None,
) -> None:
    """Wait until the projections have passed ``after_position``, 5 s at most. Raises ``NotCaughtUp``."""
    if after_position is None:
        return
    board = request.app.state.service.board
    if not passed(board, after_position, PATIENCE):
        raise NotCaughtUp(f"They are at position {board.worked()[0]}.")


def passed(board: Board, position: int, patience: float) -> bool:
    """Whether the projections have passed a position, ``patience`` seconds from now at the latest."""
    deadline = time.monotonic() + patience
    while board.worked()[0] < position:
        if time.monotonic() > deadline:
            return False
        time.sleep(STEP)
    return True
