"""What a backtest is asked, and the series of versions that it folds the history under."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from backtest.varying import Vary, varied_rulebooks
from domain.instants import DAY, EARLIEST, LATEST, Duration, Instant
from domain.journey.in_force import ALWAYS, Version, version
from domain.refusals import Fault, NotUnderstood
from domain.rulebook.document import Document, Rulebook
from domain.strict_json import canonical

Run = tuple[Version, ...]

PUBLISHED: Final = 0
CANDIDATE: Final = 1
IN_FLIGHT: Final = 2
SWEPT: Final = 3
"""The places of the runs; of those that vary the first."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one hopes for: a fact of a type, at most ``within`` after a card opened."""

    type: str
    within: Duration


@dataclass(frozen=True, slots=True)
class Question:
    """The candidate in the place of the published versions from ``since`` on (``None``: since always), up to ``until``.

    ``document`` is the candidate's, ``rulebook`` is built of it. Use ``question_of``, which checks.
    """

    document: Document
    rulebook: Rulebook
    since: Instant | None
    until: Instant
    outcome: Outcome | None = None
    vary: Vary | None = None

    @property
    def journey(self) -> str:
        return self.rulebook.journey

    @property
    def hash(self) -> str:
        """As that of a published version: of the canonical document."""
        return sha256(canonical(self.document)).hexdigest()

    @property
    def start(self) -> Instant:
        return ALWAYS if self.since is None else self.since


def question_of(
    document: Document,
    rulebook: Rulebook,
    since: Instant | None,
    until: Instant,
    outcome: Outcome | None = None,
    vary: Vary | None = None,
) -> Question:
    """Raises ``NotUnderstood``: a period that ends before it begins, an outcome without a length, an unfit ``vary``."""
    faults = []
    if since is not None and since > until:
        faults.append(Fault("The period ends before it begins.", "/to"))
    if not EARLIEST + 3 * DAY < until < LATEST - 3 * DAY:
        faults.append(Fault("The period must end within the years 1 to 9999, not at their very edge.", "/to"))
    if outcome is not None and (not outcome.type or outcome.within <= 0):
        faults.append(Fault("An outcome is a type of fact and a length of time above zero.", "/outcome"))
    if faults:
        raise NotUnderstood(faults=faults)
    if vary is not None:
        varied_rulebooks(document, vary)
    return Question(document, rulebook, since, until, outcome, vary)


def runs_of(question: Question, published: Sequence[Version]) -> tuple[Run, ...]:
    """As published; with the candidate from the start of the period; with it published at the end; and as it varies.

    The candidate takes the place of all versions that come into force after the start of the period.
    """
    number = number_of_candidate(published)
    kept = tuple(one for one in published if question.since is not None and one.effective_from <= question.since)

    def instead(rulebook: Rulebook) -> Run:
        return (*kept, version(rulebook, number, question.start))

    in_flight = (*published, version(question.rulebook, number, question.until))
    varied = varied_rulebooks(question.document, question.vary) if question.vary is not None else ()
    return (tuple(published), instead(question.rulebook), in_flight, *map(instead, varied))


def number_of_candidate(published: Sequence[Version]) -> int:
    return max((version.number for version in published), default=0) + 1
