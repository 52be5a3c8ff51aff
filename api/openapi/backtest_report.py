"""The report of a backtest, member for member."""

from typing import Annotated, Any, Literal

from pydantic import Field
from typing_extensions import TypedDict

from api.openapi.words import Count, Number, Position, Time, Title, closed

StageNow = Annotated[str | None, Field(description="null = off the journey.")]
Share = Annotated[float | None, Field(ge=0, le=1, description="null = of nothing.")]
Side = Literal["published", "candidate"]


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
