"""Which version of a rulebook judges which instant."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from domain.instants import EARLIEST, Instant
from domain.journey.machine import StageMachine
from domain.rulebook.document import Rulebook

ALWAYS: Instant = EARLIEST - 1
"""Before any fact can have happened."""


@dataclass(frozen=True, slots=True)
class Version:
    """``effective_from`` is ``ALWAYS`` or the instant it comes into force; ``published_at`` when we learned of it."""

    number: int
    rulebook: Rulebook
    machine: StageMachine
    effective_from: Instant = ALWAYS
    published_at: Instant = ALWAYS

    @property
    def order(self) -> tuple[Instant, int]:
        return self.effective_from, self.number


def version(
    rulebook: Rulebook, number: int = 1, effective_from: Instant = ALWAYS, published_at: Instant = ALWAYS
) -> Version:
    return Version(number, rulebook, StageMachine(rulebook), effective_from, published_at)


def in_order(versions: Iterable[Version]) -> tuple[Version, ...]:
    """In order of coming into force; of two at one instant the higher number comes last and so is the one in force."""
    return tuple(sorted(versions, key=lambda version: version.order))


def judging(versions: Sequence[Version], at: Instant) -> Version:
    """The version in force at an instant, for who is not pinned; before the first, the first to come."""
    order = in_order(versions)
    return next((version for version in reversed(order) if version.effective_from <= at), order[0])


def numbered(versions: Iterable[Version], number: int | None) -> Version | None:
    return next((version for version in versions if version.number == number), None)


def known(versions: Iterable[Version], known_at: Instant) -> tuple[Version, ...]:
    return tuple(version for version in versions if version.published_at <= known_at)


def successor_stage(stage: str, passed: Sequence[Version]) -> tuple[str, bool]:
    """Where a stage is found after the versions in ``passed`` came into force in turn, the last of them to judge.

    Returns the stage, and whether it was lost: gone without a rename, so that the initial stage takes its place.
    """
    for version in passed:
        if stage not in version.rulebook.stage_ids:
            stage = version.rulebook.renames.get(stage, stage)
    last = passed[-1].rulebook
    return (stage, False) if stage in last.stage_ids else (last.initial, True)
