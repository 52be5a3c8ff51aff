"""Named points at which a test has the process killed, as a power cut would, or frozen; otherwise they do nothing."""

import os
import signal
from dataclasses import dataclass


@dataclass(slots=True)
class _Plan:
    name: str
    hits_left: int
    signal: signal.Signals


_plan: _Plan | None = None


def plan_crash(plan: str | None) -> None:
    """Have the n-th passage of a point end the process, ``"name:n"``, or stop it until it is told to go on,
    ``"name:n:freeze"``; ``None`` plans nothing.
    """
    global _plan
    if plan is None:
        return
    name, hit, *freeze = plan.split(":")
    _plan = _Plan(name, int(hit), signal.SIGSTOP if freeze else signal.SIGKILL)


def crashpoint(name: str) -> None:
    """Nothing, unless this is where something was planned."""
    global _plan
    if _plan is None or _plan.name != name:
        return
    _plan.hits_left -= 1
    if _plan.hits_left <= 0:
        planned, _plan = _plan, None
        os.kill(os.getpid(), planned.signal)
