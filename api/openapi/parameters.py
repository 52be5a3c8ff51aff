"""What questions are asked with: the parameters that several routes share, each with its sentence."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Header, Path, Query

from api.openapi.words import DAY, HEADER, NAME, TEXT, TIME, WITHOUT_NUL

LAST_POSITION = 2**62
LAST_NUMBER = 2**31

Customer = Annotated[
    str, Path(description="The customer: the `subject` of facts, percent-encoded.", json_schema_extra=TEXT)
]
Journey = Annotated[str, Path(description="The journey.", json_schema_extra=NAME)]
Stage = Annotated[str, Path(description="The id of a stage.", json_schema_extra=NAME)]
Opportunity = Annotated[
    str,
    Path(
        description="The id of an opportunity, as the list of a day gives it.",
        json_schema_extra={"pattern": "^[A-Za-z0-9_-]{43}$"},
    ),
]
FactPosition = Annotated[int, Path(description="Where the fact stands in the log.", json_schema_extra={"minimum": 1})]
ProjectionName = Annotated[str, Path(description="The projection.", json_schema_extra=NAME)]
ParkedPosition = Annotated[
    int, Path(description="As the list of the parked shows it.", json_schema_extra={"minimum": 1})
]
BacktestId = Annotated[UUID, Path(description="The backtest.")]
OtherBacktest = Annotated[UUID, Path(description="The backtest to compare it with.")]
VersionNumber = Annotated[int, Path(description="Number of a version.", json_schema_extra={"minimum": 1})]

AsOf = Annotated[
    str | None,
    Query(description="The clock of the fold; default now. Ahead of now: a forecast.", json_schema_extra=TIME),
]
KnownAt = Annotated[
    str | None,
    Query(
        description="Only what was recorded and published by then; default now, not ahead of it.",
        json_schema_extra=TIME,
    ),
]
KnownPosition = Annotated[
    int | None, Query(ge=0, lt=LAST_POSITION, description="The same cut as a position of the log; not with known_at.")
]
UnderRulebook = Annotated[
    int | None, Query(ge=1, lt=LAST_NUMBER, description="Under this version alone, as if in force since always.")
]
AfterPosition = Annotated[
    int | None,
    Query(ge=0, lt=LAST_POSITION, description="Wait, 5 s at most, until the projections have passed that position."),
]
Day = Annotated[
    str | None,
    Query(description="A day of the journey's time zone; default today, up to now.", json_schema_extra=DAY),
]
FoldOrder = Annotated[
    Literal["position", "fold"], Query(description="Order of the log, or the order in which the fold reads them.")
]


def _text(sentence: str) -> object:
    return Query(description=sentence, pattern=WITHOUT_NUL)


OfJourney = Annotated[str | None, _text("Only of this journey.")]
InStage = Annotated[str | None, _text("Only who stands in this stage.")]
WithTag = Annotated[str | None, _text("Only who has this tag.")]
OfStaff = Annotated[str | None, _text("Only this seller's customers; a seller gets own ones whatever is asked.")]
OfKind = Annotated[str | None, _text("Only cards of this kind, such as call.")]
PartOfName = Annotated[str | None, _text("Only whose id contains this.")]
OfType = Annotated[str | None, _text("Only facts of this type.")]
OfSubject = Annotated[str | None, _text("Only facts of this customer.")]
FromSource = Annotated[str | None, _text("With `id`: the one fact of that identity.")]
WithId = Annotated[str | None, _text("With `source`: the one fact of that identity.")]
AboutTag = Annotated[str | None, _text("Explain this tag: why it is there, or who took it away.")]
AboutOpportunity = Annotated[str | None, _text("Explain the opportunity of this rule.")]
Cursor = Annotated[str | None, _text("Where the list goes on: `next` of the page before.")]

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="Becomes the fact's id: the same request sent again under it is answered 200, not done again.",
        json_schema_extra={"minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
    ),
]
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        description="The ETag of the version this one is based on.",
        json_schema_extra=HEADER,
    ),
]
IfNoneMatch = Annotated[
    str | None,
    Header(alias="If-None-Match", description="`*` for a journey's first version.", json_schema_extra=HEADER),
]
