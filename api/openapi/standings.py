"""Answers about a customer: where she stands, the steps that brought her there, and why; member for member."""

from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from api.openapi.words import Count, Erased, Next, Number, Position, Time, closed
from domain.journey.steps import StepKind, TimerKind


@closed
class CausingFact(TypedDict):
    """The fact that made a step."""

    source: str
    id: str
    type: str


class CauseMembers(TypedDict):
    fact: CausingFact | None
    timer: TimerKind | None
    rule: str | None
    rulebook: Number | None


@closed
class Cause(CauseMembers):
    """What made a step: a fact or a timer, the rule (null by hand) and the version that judged."""


class StepMembers(TypedDict):
    at: Time
    kind: StepKind
    origin: NotRequired[Annotated[str, Field(alias="from")]]
    to: NotRequired[str]
    tag: NotRequired[str]
    opportunity: NotRequired[Annotated[str, Field(description="Id of the opportunity's rule.")]]
    cause: Cause


@closed
class Step(StepMembers):
    """One derived change, with its cause; members that do not apply are absent."""


@closed
class TrailStep(StepMembers):
    """A step of a trail; `superseded_at` is when the belief that had it was given up."""

    superseded_at: NotRequired[Time]


@closed
class HeldTag(TypedDict):
    """A tag the customer has; `since` is when it last came, not its renewals."""

    tag: str
    since: Time
    by: Literal["hand", "rule"]
    cause: Cause


@closed
class OpenOpportunity(TypedDict):
    """An opportunity that is open now; `rule` is the id of its rule."""

    rule: str
    kind: str
    since: Time


@closed
class NextTimer(TypedDict):
    """What comes to pass next if nothing more is heard."""

    at: Time
    kind: TimerKind
    rule: str | None


class StandingMembers(TypedDict):
    journey: str
    stage: Annotated[str | None, Field(description="Null: not on this journey.")]
    since: Time | None
    tags: list[HeldTag]
    open: list[OpenOpportunity]
    rulebook: Annotated[Number | None, Field(description="The version that judges; null: none is in force.")]
    next_timer: NextTimer | None


class CutsMembers(TypedDict):
    as_of: Time
    known_at: Time
    position: Annotated[Position, Field(description="What `known_at` stands for: all entries up to it were known.")]
    forecast: NotRequired[Annotated[Literal[True], Field(description="`as_of` lies ahead: if nothing more is heard.")]]


@closed
class Standing(StandingMembers, CutsMembers):
    """Where a customer stands on a journey, and the two cuts it stands for."""

    customer: str
    erased: NotRequired[Erased]


@closed
class JourneyStanding(StandingMembers):
    """Where a customer stands on one of the journeys."""

    erased: NotRequired[Erased]


@closed
class StandingThen(StandingMembers):
    """Where a customer stands at the instant of a command."""

    customer: str
    as_of: Time


@closed
class Trail(CutsMembers):
    """Every step that some belief had, in the order they were made."""

    items: list[TrailStep]
    next: Next
    erased: NotRequired[Erased]


@closed
class Sentence(TypedDict):
    """The same words twice."""

    zh: str
    en: str


@closed
class About(TypedDict):
    """What is explained: the present stage, a tag or an opportunity."""

    stage: NotRequired[str | None]
    tag: NotRequired[str]
    opportunity: NotRequired[str]


@closed
class Explanation(CutsMembers):
    """The step that made it so, with its cause, and one sentence; `step` null: never on the journey."""

    customer: str
    journey: str
    about: About
    sentence: Sentence
    step: Step | None


@closed
class Customer(CutsMembers):
    """Profile, tags by hand, seller, and where the customer stands on every journey."""

    customer: str
    profile: dict[str, Any]
    staff: Annotated[str | None, Field(description="Whose customer she is.")]
    tags: list[HeldTag]
    facts: Count
    journeys: list[JourneyStanding]
    erased: NotRequired[Erased]


@closed
class ListedStanding(TypedDict):
    """Where a listed customer stands on a journey."""

    journey: str
    stage: str | None
    since: Time | None
    tags: list[str]
    staff: str | None


@closed
class ListedCustomer(TypedDict):
    """A customer in a list."""

    customer: str
    journeys: list[ListedStanding]


@closed
class Customers(TypedDict):
    """A page of customers."""

    items: list[ListedCustomer]
    next: Next
