"""Backtests as they are asked for, kept, listed and compared; member for member."""

from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from api.openapi.backtest_report import BacktestReport, CandidateNamed, Known, Period, Side, StageNow
from api.openapi.bodies import Instant, Length
from api.openapi.words import Count, Next, Time, Title, Uuid, closed
from backtest.varying import MOST_VALUES

# -- asked -------------------------------------------------------------------------------------------------------------


@closed
class OutcomeWanted(TypedDict):
    """What should have come of a card on the list: a fact of this type, within this time."""

    type: Annotated[str, Field(min_length=1)]
    within: Length


@closed
class VaryWanted(TypedDict):
    """One parameter of the candidate, by rule and name, and the values that it is to take in turn."""

    path: Annotated[str, Field(min_length=1, examples=["moves.silent.after"])]
    values: Annotated[list[Any], Field(min_length=1, max_length=MOST_VALUES)]


@closed
class BacktestDraft(TypedDict):
    """The candidate, and the history it is tried on."""

    journey: Annotated[str, Field(min_length=1)]
    candidate: Annotated[
        str | dict[str, Any], Field(description="The rulebook: YAML or JSON as a text, or a JSON object.")
    ]
    origin: NotRequired[
        Annotated[
            Instant | None,
            Field(alias="from", description="The candidate is in force from then on; absent or null: since always."),
        ]
    ]
    to: NotRequired[Annotated[Instant | None, Field(description="Absent or null: now; not ahead of it.")]]
    outcome: NotRequired[OutcomeWanted | None]
    vary: NotRequired[VaryWanted | None]


@closed
class BacktestAsked(TypedDict):
    """What was asked, as it was understood."""

    candidate: Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of the canonical document.")]
    origin: Annotated[Time | None, Field(alias="from", description="null = since always.")]
    to: Time
    outcome: OutcomeWanted | None
    vary: VaryWanted | None


# -- kept --------------------------------------------------------------------------------------------------------------


@closed
class BacktestProgress(TypedDict):
    """How much of how much, and of what."""

    done: Count
    of: Count
    said: str


@closed
class Headline(TypedDict):
    """The main figures of a report."""

    differ: Count
    elsewhere: Count


@closed
class BacktestListed(TypedDict):
    """A backtest without its report."""

    id: Uuid
    journey: str
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    by: str
    asked_at: Time
    started_at: Time | None
    ended_at: Time | None
    asked: BacktestAsked
    progress: BacktestProgress | None
    failure: Annotated[str | None, Field(description="Why it failed, as a sentence.")]
    headline: Headline | None


@closed
class Backtest(BacktestListed):
    """A backtest; its report is null until it is done."""

    document: Annotated[str, Field(description="The candidate as it was sent.")]
    report: BacktestReport | None


@closed
class Backtests(TypedDict):
    """Backtests, the newest first."""

    items: list[BacktestListed]
    next: Next


@closed
class DifferingCustomer(TypedDict):
    """Where she stands under either, and why the two part: the first step that differs, `side` made it."""

    customer: Annotated[str | None, Field(description="null = erased.")]
    erased: bool
    published_stage: StageNow
    candidate_stage: StageNow
    since_published: Time | None
    since_candidate: Time | None
    at: Time
    side: Side
    sentence: Title


@closed
class DifferingCustomers(TypedDict):
    """Who differs, in order of the instant at which the two part; `total` counts all of them."""

    items: list[DifferingCustomer]
    next: Next
    total: Count


# -- compared ----------------------------------------------------------------------------------------------------------


@closed
class Pair(TypedDict):
    """A figure of either, and by how much the other's is more."""

    one: float | None
    other: float | None
    more: float | None


@closed
class BacktestNamed(TypedDict):
    """One of the two."""

    id: Uuid
    candidate: CandidateNamed
    period: Period
    known: Known | None


@closed
class Alike(TypedDict):
    """In what both are the same; where they are not, figures may differ for that reason alone."""

    period: bool
    known: bool
    published: bool
    candidate: bool


@closed
class StagePair(TypedDict):
    """Who stands in a stage at the end, under either rules of both."""

    stage: StageNow
    title: Title
    published: Pair
    candidate: Pair


@closed
class CardsPair(TypedDict):
    """Cards on the lists of all days."""

    published: Pair
    candidate: Pair
    both: Pair


@closed
class OutcomesPair(TypedDict):
    """Of the candidates' lists; lead_seconds is the median."""

    type: str
    within: str
    precision: Pair
    recall: Pair
    lead_seconds: Pair


@closed
class Compared(TypedDict):
    """Two backtests of one journey."""

    journey: str
    title: Title
    one: BacktestNamed
    other: BacktestNamed
    alike: Alike
    customers: Pair
    facts: Pair
    differ: Pair
    elsewhere: Pair
    stages: list[StagePair]
    cards: CardsPair
    outcomes: Annotated[OutcomesPair | None, Field(description="null = not asked of both alike.")]
