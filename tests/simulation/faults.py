"""What goes wrong in a seed, and how often."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final, Literal

from domain.instants import SECOND, Duration

Statement = Literal["lost", "frozen", "killed"]
Commit = Literal["unmade", "unsaid", "late"]
_STATEMENT: Final[tuple[Statement, ...]] = ("lost", "lost", "frozen", "frozen", "frozen", "killed")
_COMMIT: Final[tuple[Commit, ...]] = ("unmade", "unsaid", "unsaid", "late")


@dataclass
class Faults:
    """Rates are chances a statement, or a commit; ``calm`` ends all of it. ``tell`` says what has happened.

    ``at_once``: nobody comes between two statements.
    """

    random: Random
    tell: Callable[[str], None]
    statement_rate: float = 0.0
    commit_rate: float = 0.0
    calm: bool = False
    at_once: bool = False

    def at_statement(self) -> Statement | None:
        if self.calm or not self.statement_rate or self.random.random() >= self.statement_rate:
            return None
        fault = self.random.choice(_STATEMENT)
        self.tell(f"is {fault}" if fault != "lost" else "has its connection lost")
        return fault

    def at_commit(self) -> Commit | None:
        if self.calm or not self.commit_rate or self.random.random() >= self.commit_rate:
            return None
        return self.random.choice(_COMMIT)

    def round_trip(self) -> Duration:
        return self.random.randrange(50, 4000)

    def frozen(self) -> Duration:
        """Within patience, longer than a transaction may rest, or longer than most leases."""
        return self.random.choice((SECOND // 2, 3 * SECOND, 20 * SECOND, 4000 * SECOND))

    def late(self) -> Duration:
        return self.random.randrange(SECOND // 1000, 3 * SECOND)
