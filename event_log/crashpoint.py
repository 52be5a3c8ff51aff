"""Named points at which a test has the process killed, as a power cut would; otherwise they do nothing."""

import os
import signal
from dataclasses import dataclass


@dataclass(slots=True)
class _Plan:
    name: str
    hits_left: int


_plan: _Plan | None = None


def plan_crash(plan: str | None) -> None:
    """Have the n-th passage of a point end the process: ``"name:n"``; ``None`` plans nothing."""
    global _plan
    if plan is None:
        return
    name, _, hit = plan.rpartition(":")
    _plan = _Plan(name, int(hit))


def crashpoint(name: str) -> None:
    """Nothing, unless this is where a crash was planned."""
    if _plan is None or _plan.name != name:
        return
    _plan.hits_left -= 1
    if _plan.hits_left <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
