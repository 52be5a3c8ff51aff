"""What is answered about projections and who is parked, as types."""

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from api.openapi.words import Count, Next, Position, Time, Uuid, closed


@closed
class PartitionShown(TypedDict):
    """A part of the customers, worked by one follower at a time."""

    partition: Count
    position: Position
    worked_until: Time
    follower: Annotated[Uuid | None, Field(description="Who works it now; null = nobody.")]
    waits_for: Annotated[str | None, Field(description="The kind of error that holds it up.")]


@closed
class ProjectionShown(TypedDict):
    """A version of a projection; its position is the lowest of its partitions."""

    name: str
    version: Annotated[int, Field(ge=1)]
    state: Literal["building", "live", "kept"]
    paused: bool
    position: Position
    behind: Annotated[int, Field(ge=0, description="Entries of the log that are not worked yet.")]
    worked_until: Time
    seconds: Annotated[float, Field(ge=0, description="Since the instant that its rows stand for.")]
    parked: Count
    partitions: list[PartitionShown]


@closed
class Projections(TypedDict):
    """Every version of every projection."""

    items: list[ProjectionShown]
    next: Next


@closed
class ParkedCustomer(TypedDict):
    """A customer who is set aside; `reason` is the kind of error only."""

    projection: str
    version: Annotated[int, Field(ge=1)]
    customer: Annotated[str | None, Field(description="null = erased.")]
    number: Annotated[Uuid, Field(description="As the log knows them.")]
    position: Position
    reason: str
    parked_at: Time
    retrying: bool


@closed
class ParkedCustomers(TypedDict):
    """Who is set aside, in order of position."""

    items: list[ParkedCustomer]
    next: Next
