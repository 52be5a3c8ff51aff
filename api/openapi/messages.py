"""What the clients of Segment and RudderStack send, as far as it is read here."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, NotRequired

from pydantic import ConfigDict, Field, JsonValue, with_config
from typing_extensions import TypedDict

from api.openapi.bodies import Instant

_WHO_AND_WHEN: dict[str, JsonValue] = {
    "allOf": [
        {"anyOf": [{"required": ["userId"]}, {"required": ["anonymousId"]}]},
        {"anyOf": [{"required": ["timestamp"]}, {"required": ["originalTimestamp"]}]},
    ]
}
_message = with_config(ConfigDict(extra="allow", json_schema_extra=_WHO_AND_WHEN))
"""The clients add members that nobody reads here."""


class MessageMembers(TypedDict):
    messageId: Annotated[str, Field(min_length=1, description="The same whenever the message is sent.")]
    userId: NotRequired[Annotated[str | None, Field(description="The customer.")]]
    anonymousId: NotRequired[Annotated[str | None, Field(description="The customer, where there is no userId.")]]
    timestamp: NotRequired[Annotated[Instant | None, Field(description="When it happened; at most 5 minutes ahead.")]]


class PropertiesMembers(MessageMembers):
    properties: NotRequired[dict[str, Any] | None]


class TraitsMembers(MessageMembers):
    traits: NotRequired[dict[str, Any] | None]


@_message
class Track(PropertiesMembers):
    """Something happened to a customer; `event` becomes the type of the fact."""

    type: NotRequired[Annotated[Literal["track"] | None, Field(description="Needed in a batch.")]]
    event: Annotated[str, Field(min_length=1)]


@_message
class Identify(TraitsMembers):
    """Who a customer is: the fact `profile.changed`."""

    type: NotRequired[Annotated[Literal["identify"] | None, Field(description="Needed in a batch.")]]


@_message
class Page(PropertiesMembers):
    """A page was seen: the fact `page.viewed`."""

    type: NotRequired[Annotated[Literal["page"] | None, Field(description="Needed in a batch.")]]
    name: NotRequired[str | None]
    category: NotRequired[str | None]


@_message
class Screen(PropertiesMembers):
    """A screen was seen: the fact `screen.viewed`."""

    type: NotRequired[Annotated[Literal["screen"] | None, Field(description="Needed in a batch.")]]
    name: NotRequired[str | None]
    category: NotRequired[str | None]


@_message
class Group(TraitsMembers):
    """A customer belongs to an account: the fact `account.identified`."""

    type: NotRequired[Annotated[Literal["group"] | None, Field(description="Needed in a batch.")]]
    groupId: Annotated[str, Field(min_length=1)]


@_message
class Alias(MessageMembers):
    """A customer had another name: the fact `identity.linked`. It joins nobody."""

    type: NotRequired[Annotated[Literal["alias"] | None, Field(description="Needed in a batch.")]]
    previousId: Annotated[str, Field(min_length=1)]


@with_config(ConfigDict(extra="allow"))
class Batch(TypedDict):
    """Messages of any kind, each with its `type`."""

    batch: Annotated[list[Track | Identify | Page | Screen | Group | Alias], Field(max_length=1000)]


BY_KIND: Final[Mapping[str, type]] = {
    "track": Track,
    "identify": Identify,
    "page": Page,
    "screen": Screen,
    "group": Group,
    "alias": Alias,
}
