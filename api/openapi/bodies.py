"""What is sent, as types; the routes read the bytes themselves, strictly."""

from typing import Annotated, Any, Literal, NotRequired

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

from api.access import Role
from api.openapi.words import DURATION, SAID, TIME, Uuid, closed

Said = Annotated[str, Field(json_schema_extra=SAID)]
Length = Annotated[str, Field(json_schema_extra=DURATION, description="14d, 90m, or ISO 8601 such as PT90M.")]
Instant = Annotated[str, Field(json_schema_extra=TIME, description="RFC 3339 with an offset.")]
Short = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]


@with_config(
    ConfigDict(
        extra="allow",
        json_schema_extra={
            "additionalProperties": {"type": ["string", "integer", "boolean", "null"]},
            "propertyNames": {"pattern": "^[a-z0-9]+$"},
            "not": {"required": ["data_base64"]},
        },
    )
)
class CloudEvent(TypedDict):
    """A fact: a CloudEvents 1.0 event in structured mode. `source` and `id` identify it."""

    specversion: Literal["1.0"]
    id: Annotated[str, Field(min_length=1)]
    source: Annotated[str, Field(min_length=1)]
    type: Annotated[str, Field(min_length=1)]
    subject: Annotated[str, Field(min_length=1, description="The customer.")]
    time: Annotated[Instant, Field(description="When it happened; at most 5 minutes ahead of now.")]
    sequence: NotRequired[Annotated[str, Field(description="Orders the facts of one source at one instant.")]]
    data: NotRequired[dict[str, Any]]


@closed
class Move(TypedDict):
    """`from` is the stage the person saw."""

    origin: Annotated[Said, Field(alias="from")]
    stage: Said
    reason: Said
    hold: NotRequired[Annotated[Length, Field(description="So long the stage rules rest.")]]


@closed
class Void(TypedDict):
    reason: Said


@closed
class Note(TypedDict):
    note: NotRequired[Said]


@closed
class Snooze(TypedDict):
    until: Annotated[Instant, Field(description="Ahead of now, by 366 days at most.")]


@closed
class PreviewDraft(TypedDict):
    """A document as it would be published."""

    document: Annotated[
        str | dict[str, Any], Field(description="The rulebook: YAML or JSON as a text, or a JSON object.")
    ]
    because: NotRequired[Any]
    effective_from: NotRequired[
        Annotated[Instant | None, Field(description="Absent: now. Null: always, of a first version only.")]
    ]
    retroactive: NotRequired[Annotated[Any, Field(description="true allows a time in the past.")]]


@closed
class Draft(PreviewDraft):
    """A document to be published, and why."""

    because: Said  # type: ignore[misc]


@closed
class NewKey(TypedDict):
    """A key to be made; a seller's needs `staff`."""

    role: Role
    staff: NotRequired[Annotated[Short | None, Field(description="A seller's id in the facts.")]]
    label: NotRequired[Annotated[Short | None, Field(description="What it is for.")]]
    expires_at: NotRequired[Instant | None]


@closed
class Rotation(TypedDict):
    """A key in place of another; it takes role, staff and label from it."""

    replaces: Uuid
    overlap: NotRequired[Annotated[Length | None, Field(description="How long the old one stays; default 7d.")]]
    expires_at: NotRequired[Instant | None]
