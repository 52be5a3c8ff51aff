"""Answers about journeys and the versions of their rulebooks; member for member."""

from typing import Annotated, Any, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from api.openapi.answers import Fault
from api.openapi.words import Count, Next, Number, Position, Time, Title, closed


@closed
class Journey(TypedDict):
    """A journey; `rulebook` is its newest version."""

    journey: str
    title: Title
    rulebook: Number


@closed
class Journeys(TypedDict):
    """The journeys that have a rulebook."""

    items: list[Journey]
    next: Next


@closed
class Span(TypedDict):
    """From null: since always; until null: open."""

    origin: Annotated[Time | None, Field(alias="from")]
    until: Time | None


@closed
class Rulebook(TypedDict):
    """One version of a journey's rules; `document` on asking for it."""

    version: Number
    hash: Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of the canonical document.")]
    published_at: Time
    because: str
    by: str
    in_force: Span
    position: Position
    document: NotRequired[dict[str, Any]]


@closed
class Rulebooks(TypedDict):
    """The versions of a journey's rulebook."""

    items: list[Rulebook]
    next: Next


@closed
class Findings(TypedDict):
    """What is wrong with a document; empty: nothing."""

    findings: list[Fault]


@closed
class PreviewedMove(TypedDict):
    """Who would move one way, the first of them by name; `renamed`: only the name would change."""

    origin: Annotated[str | None, Field(alias="from")]
    to: str | None
    count: Count
    renamed: bool
    customers: list[str]


@closed
class PreviewedStage(TypedDict):
    """How many stand in a stage, null off the journey, without the document and with it."""

    stage: str | None
    now: Count
    then: Count


@closed
class OpenedAndClosed(TypedDict):
    """How many opportunities would open and close."""

    opened: Count
    closed: Count


@closed
class Preview(TypedDict):
    """Who would stand elsewhere the moment the document came into force."""

    journey: str
    effective_from: Time | None
    as_of: Time
    version: Number
    based_on: Number | None
    customers: Count
    stay: Count
    moves: list[PreviewedMove]
    stages: list[PreviewedStage]
    opportunities: OpenedAndClosed
    skipped_erased: Count
    skipped_damaged: Count
    position: Position
    findings: list[Fault]
