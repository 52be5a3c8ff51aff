"""Backtests as they are asked for, listed, reported and compared; member for member."""

from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from api.openapi.bodies import Instant, Length
from api.openapi.words import Count, Next, Number, Position, Time, Title, Uuid, closed
from backtest.varying import MOST_VALUES

StageNow = Annotated[str | None, Field(description="null = off the journey.")]
Share = Annotated[float | None, Field(ge=0, le=1, description="null = of nothing.")]
Side = Literal["published", "candidate"]

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


# -- the report --------------------------------------------------------------------------------------------------------


@closed
class CandidateNamed(TypedDict):
    """The candidate as if it were the next version."""

    version: Number
    hash: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    based_on: Annotated[Number | None, Field(description="The newest published version.")]


@closed
class Period(TypedDict):
    """From null: since always. Days are those of the time zone."""

    origin: Annotated[Time | None, Field(alias="from")]
    to: Time
    timezone: str


@closed
class Known(TypedDict):
    """What was known when it was folded; absent for a file of facts."""

    position: Position
    at: Time


@closed
class CustomersFolded(TypedDict):
    """Who was folded, and who was passed over because she is erased or her entries cannot be opened."""

    folded: Count
    erased: Count
    damaged: Count


@closed
class StageCounted(TypedDict):
    """Who stands in a stage at the end of the period, under either."""

    stage: StageNow
    title: Title
    published: Count
    candidate: Count


@closed
class StageDays(TypedDict):
    """Who stood in a stage at the end of each day."""

    stage: StageNow
    counts: list[Count]


@closed
class DaysCounted(TypedDict):
    """Who stood where at the end of each day; of the last day at the end of the period."""

    dates: list[Annotated[str, Field(json_schema_extra={"format": "date"})]]
    published: list[StageDays]
    candidate: list[StageDays]


@closed
class MovesCounted(TypedDict):
    """Steps of one kind by one rule; `rule` null: by hand, or a new name."""

    kind: Literal["entered", "left", "moved", "renamed"]
    origin: Annotated[str | None, Field(alias="from")]
    to: str | None
    rule: str | None
    by: Annotated[str | None, Field(description="fact, or the kind of a timer.")]
    published: Count
    candidate: Count


@closed
class Flow(TypedDict):
    """Who stands in one stage under the published rules and in one under the candidate."""

    published: StageNow
    candidate: StageNow
    customers: Count


@closed
class FirstDifference(TypedDict):
    """The first step that differs, counted by what made it; `side` made it first, or made it alone."""

    side: Annotated[str | None, Field(description="published or candidate; null = all the others together.")]
    kind: str | None
    rule: str | None
    origin: Annotated[str | None, Field(alias="from")]
    to: str | None
    tag: str | None
    opportunity: str | None
    timer: str | None
    customers: Count


@closed
class Differ(TypedDict):
    """Customers with any step that differs, and those of them who stand in another stage at the end."""

    customers: Count
    elsewhere: Count
    first: list[FirstDifference]


@closed
class BoardDay(TypedDict):
    """Cards on the list of a day, under either and under both."""

    date: Annotated[str, Field(json_schema_extra={"format": "date"})]
    published: Count
    candidate: Count
    both: Count


@closed
class SellersCards(TypedDict):
    """Cards of one seller, over all days; staff null: nobody's customers."""

    staff: str | None
    published: Count
    candidate: Count
    both: Count


@closed
class DayLists(TypedDict):
    """The lists of the days under either."""

    days: list[BoardDay]
    sellers: list[SellersCards]


@closed
class Lead(TypedDict):
    """Seconds from the card to the outcome."""

    p10: float
    median: float
    p90: float


@closed
class OutcomesCounted(TypedDict):
    """Of those listed how many were followed by the outcome, and of the outcomes how many were foreseen."""

    listed: Count
    followed: Count
    precision: Share
    outcomes: Count
    foreseen: Count
    recall: Share
    lead_seconds: Lead | None


@closed
class Outcomes(TypedDict):
    """The lists against what came; observed under the rules of then, as `observed` says."""

    type: str
    within: str
    observed: Title
    published: OutcomesCounted
    candidate: OutcomesCounted


@closed
class MoveInFlight(TypedDict):
    """Customers who would move one way at once."""

    origin: Annotated[str | None, Field(alias="from")]
    to: str | None
    renamed: bool
    customers: Count


@closed
class CardsInFlight(TypedDict):
    """Opportunities that would open and close at once."""

    opened: Count
    closed: Count


@closed
class InFlight(TypedDict):
    """What publishing at the end of the period would do at once."""

    as_of: Time
    stay: Count
    moves: list[MoveInFlight]
    opportunities: CardsInFlight


@closed
class StageOfRun(TypedDict):
    """Who stands in a stage at the end of the period."""

    stage: StageNow
    customers: Count


@closed
class SweepRun(TypedDict):
    """The candidate with one of the values."""

    value: Any
    stages: list[StageOfRun]
    differ: Count
    elsewhere: Count
    cards: Count
    outcomes: OutcomesCounted | None


@closed
class Sweep(TypedDict):
    """One parameter over a list of values."""

    path: str
    runs: list[SweepRun]


@closed
class BacktestReport(TypedDict):
    """The published rules and the candidate over the same history. No names of customers are in it."""

    form: Literal[1]
    journey: str
    title: Title
    candidate: CandidateNamed
    period: Period
    known: Known | None
    customers: CustomersFolded
    facts: Count
    stages: list[StageCounted]
    days: DaysCounted
    moves: list[MovesCounted]
    flow: list[Flow]
    differ: Differ
    board: DayLists
    outcomes: Outcomes | None
    in_flight: InFlight
    sweep: Sweep | None


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
