"""Parts worked on a Ray cluster: the only file that knows Ray, which is installed apart (requirements/ray.txt).

The parts are read where they are worked, so what the history names must be readable there.
"""

from collections.abc import Callable, Generator
from contextlib import suppress
from logging import ERROR
from typing import Any

import ray

from backtest.engines import Engine, Worked


def ray_engine(address: str | None = None, cores: int = 2) -> Engine:
    """``address`` of a cluster; ``None``: one of this machine alone, begun with so many cores for this backtest.

    As many parts are under way at any moment as there are cores.
    """

    def engine(work: Callable[[int], Worked], parts: int) -> Generator[Worked, None, None]:
        own = cores if address is None else None
        ray.init(address, num_cpus=own, include_dashboard=False, log_to_driver=False, logging_level=ERROR)
        try:
            yield from _worked(work, parts, max(1, int(ray.cluster_resources().get("CPU", 1))))
        finally:
            ray.shutdown()

    return engine


def _worked(work: Callable[[int], Worked], parts: int, at_a_time: int) -> Generator[Worked, None, None]:
    task: Any = ray.remote(num_cpus=1, max_retries=3)(_one)
    shared, waiting = ray.put(work), list(reversed(range(parts)))
    under_way: list[Any] = []
    try:
        while waiting or under_way:
            while waiting and len(under_way) < at_a_time:
                under_way.append(task.remote(shared, waiting.pop()))
            done, under_way = ray.wait(under_way, num_returns=1)
            yield ray.get(done[0])
    finally:
        for one in under_way:
            with suppress(ray.exceptions.RayError):
                ray.cancel(one)


def _one(work: Callable[[int], Worked], part: int) -> Worked:
    return work(part)
