"""Reading your own writes: any read may ask that the projections have passed a position first."""

import time
from typing import Annotated

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool

from api.access import Actor, authenticated
from api.openapi.parameters import AfterPosition
from domain.refusals import NotCaughtUp
from projections.board import Board

PATIENCE = 5.0
STEP = 0.02


async def caught_up(
    request: Request,
    _: Annotated[Actor, Depends(authenticated)],
    after_position: AfterPosition = None,
) -> None:
    """Wait until the projections have passed ``after_position``, 5 s at most. Raises ``NotCaughtUp``."""
    # Most reads ask for no wait, and a thread is dearer than the question.
    if after_position is not None:
        await run_in_threadpool(_wait, request.app.state.service.board, after_position)


def _wait(board: Board, position: int) -> None:
    if not passed(board, position, PATIENCE):
        raise NotCaughtUp(f"They are at position {board.worked()[0]}.")


def passed(board: Board, position: int, patience: float) -> bool:
    """Whether the projections have passed a position, ``patience`` seconds from now at the latest."""
    deadline = time.monotonic() + patience
    while board.worked()[0] < position:
        if time.monotonic() > deadline:
            return False
        time.sleep(STEP)
    return True
