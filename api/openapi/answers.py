"""What is answered, as types: the words of the contract. Routes are described by them, their answers not filtered."""

from typing import Annotated, Any, Literal, NotRequired

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

from api.access import Permission, Role
from api.openapi.standings import CauseMembers, StandingThen
from api.openapi.words import Count, Erased, Next, Position, Time, Title, Uuid, closed
from domain.journey.steps import StepKind

# -- problems ----------------------------------------------------------------------------------------------------------


@closed
class Fault(TypedDict):
    """One thing wrong in what was sent: where, and why in a sentence."""

    reason: str
    pointer: Annotated[str, Field(description="A JSON pointer; empty = the whole.")]
    line: NotRequired[int]
    column: NotRequired[int]
    index: NotRequired[Annotated[int, Field(description="Of an item in a batch, from 0.")]]
    severity: NotRequired[Literal["error", "warning"]]
    position: NotRequired[Annotated[int, Field(description="The entry of the log that it collides with.")]]


@closed
class OpenElsewhere(TypedDict):
    """What is open instead of the opportunity that was to be worked."""

    journey: str
    rule: str
    kind: str
    since: Time


@closed
class Problem(TypedDict):
    """RFC 9457: what was refused, and why. `type` is fixed; some say what is so instead."""

    type: Annotated[str, Field(pattern="^urn:trailbook:problem:[a-z-]+$")]
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: NotRequired[str]
    errors: NotRequired[list[Fault]]
    standing: NotRequired[StandingThen]
    open: NotRequired[list[OpenElsewhere]]
    code: NotRequired[Annotated[str, Field(description="Of a message refused: the end of `type`.")]]
    message: NotRequired[Annotated[str, Field(description="Of a message refused: all of it in a sentence.")]]


# -- facts -------------------------------------------------------------------------------------------------------------


@with_config(
    ConfigDict(extra="allow", json_schema_extra={"additionalProperties": {"type": ["string", "integer", "boolean"]}})
)
class StoredFact(TypedDict):
    """A fact: its CloudEvent as it was sent, with its position and when we learned of it."""

    specversion: Literal["1.0"]
    id: str
    source: str
    type: str
    subject: Annotated[str, Field(description="The customer.")]
    time: Time
    sequence: NotRequired[str]
    recordedat: Time
    position: Position
    data: dict[str, Any]


@closed
class ErasedFact(TypedDict):
    """What is left of a fact of an erased customer: nothing that names or describes her."""

    specversion: Literal["1.0"]
    type: str
    time: Time
    recordedat: Time
    position: Position
    data: dict[str, Any]
    erased: Erased


@closed
class Received(TypedDict):
    """How many facts were new and how many were there already; `position` is the highest of all."""

    accepted: Count
    duplicates: Count
    position: Position


@closed
class ReceivedMessages(TypedDict):
    """How many messages were new and how many were there already; `position` is the highest of all."""

    success: Literal[True]
    accepted: Count
    duplicates: Count
    position: Position


@closed
class Facts(TypedDict):
    """A page of facts."""

    items: list[StoredFact | ErasedFact]
    next: Next


@closed
class FactName(TypedDict):
    """What identifies a fact."""

    source: str
    id: str


# -- boards and the list of a day --------------------------------------------------------------------------------------


@closed
class Arrival(CauseMembers):
    """What brought a customer into a stage: the kind of the step, and its cause."""

    kind: StepKind


@closed
class Card(TypedDict):
    """A customer in a stage, and what brought her there."""

    customer: str
    since: Time
    cause: Arrival
    tags: list[str]
    staff: str | None


@closed
class Column(TypedDict):
    """A stage with its first cards; `cursor` leads to the others."""

    title: Title
    stage: str
    cards: list[Card]
    cursor: str | None
    count: Count


@closed
class Board(TypedDict):
    """Who stands where: a column for every stage; and what it all stands for."""

    journey: str
    columns: list[Column]
    as_of: Time
    position: Position


@closed
class Cards(TypedDict):
    """A page of the cards of a stage."""

    items: list[Card]
    next: Next


@closed
class Ended(TypedDict):
    """When an opportunity ended, and by what."""

    at: Time
    by: str | None


@closed
class Reason(TypedDict):
    """An opportunity on a card: why this customer, on this day."""

    id: str
    rule: str
    title: Title
    rank: float
    since: Time
    age: str
    ended: Ended | None


@closed
class OpportunityCard(TypedDict):
    """One customer to talk to, with all the reasons of one kind; its `id` is that of its first reason."""

    id: str
    customer: str
    journey: str
    kind: str
    rank: float
    staff: str | None
    open: bool
    since: Time
    age: str
    reasons: list[Reason]


@closed
class Opportunities(TypedDict):
    """A page of the list of a day, the highest rank first."""

    items: list[OpportunityCard]
    next: Next
    as_of: Time
    known_at: Time
    position: Position


# -- commands ----------------------------------------------------------------------------------------------------------


@closed
class Moved(TypedDict):
    """The fact that was stored, and where the customer stands by it."""

    position: Position
    fact: FactName
    standing: StandingThen


@closed
class Voided(TypedDict):
    """The fact that takes the other out."""

    position: Position
    fact: FactName


@closed
class WorkedCard(TypedDict):
    """The facts that were stored: one for each reason on the card."""

    position: Position
    facts: list[FactName]


# -- keys --------------------------------------------------------------------------------------------------------------


class KeyMembers(TypedDict):
    id: Uuid
    prefix: Annotated[str, Field(description="Its first characters.")]
    role: Role
    staff: str | None
    label: str
    made_at: Time
    expires_at: Time | None
    revoked_at: Time | None
    replaces: Uuid | None


@closed
class Key(KeyMembers):
    """A key, without its secret."""


@closed
class MadeKey(KeyMembers):
    """A key with its secret, shown this once."""

    key: Annotated[str, Field(pattern="^tb_")]


@closed
class Keys(TypedDict):
    """Every key there ever was."""

    items: list[Key]
    next: Next


@closed
class Me(TypedDict):
    """Whose key this is, and what it allows."""

    key: Uuid
    prefix: str
    role: Role
    staff: str | None
    label: str
    expires_at: Time | None
    rights: list[Permission]
