"""A fact: something that happened to a customer. Immutable, a CloudEvents 1.0 event, identified by (source, id)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from domain.instants import Instant, rfc_3339

FactOrder = tuple[Instant, str, str, str]

Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fact:
    """``customer`` is the event's subject; ``extensions`` holds every further attribute as it was sent.

    ``recorded_at`` and ``position`` are ours: absent until the fact is stored (or read from an export).
    """

    source: str
    id: str
    type: str
    customer: str
    occurred_at: Instant
    sequence: str = ""
    data: Data = field(default_factory=dict)
    extensions: Data = field(default_factory=dict)
    recorded_at: Instant | None = None
    position: int | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.source, self.id

    @property
    def order(self) -> FactOrder:
        """Design section 2.2: arrival is no part of it; texts compare by code point."""
        return self.occurred_at, self.source, self.sequence, self.id

    def content(self) -> dict[str, Any]:
        """What makes two deliveries the same fact: the event less what changes on a retry, its time in UTC."""
        content = self._envelope()
        if self.extensions:
            content |= {name: value for name, value in self.extensions.items() if name not in TRACE_CONTEXT}
        content["data"] = self.data
        return content

    def event(self) -> dict[str, Any]:
        """The CloudEvent as it is shown, with ``position`` and ``recordedat`` once it is stored."""
        event = {**self._envelope(), **self.extensions}
        if self.recorded_at is not None:
            event["recordedat"] = rfc_3339(self.recorded_at)
        if self.position is not None:
            event["position"] = self.position
        return event | {"data": dict(self.data)}

    def _envelope(self) -> dict[str, Any]:
        envelope: dict[str, Any] = {
            "specversion": "1.0",
            "id": self.id,
            "source": self.source,
            "type": self.type,
            "subject": self.customer,
            "time": rfc_3339(self.occurred_at),
        }
        if self.sequence:
            envelope["sequence"] = self.sequence
        return envelope


ERASED: Final = "customer.erased"

TRACE_CONTEXT: Final = frozenset({"traceparent", "tracestate"})

_CONTENT: Final = frozenset({"content", "touch", "staff", "channel"})
_OPPORTUNITY: Final = frozenset({"journey", "rule", "until"})

PUBLIC_FIELDS: Final[Mapping[str, frozenset[str]]] = {
    "contact.added": frozenset({"staff"}),
    "contact.removed": frozenset({"staff", "by"}),
    "contact.blocked": frozenset({"staff"}),
    "staff.assigned": frozenset({"staff", "rule"}),
    "profile.changed": frozenset(),
    "tag.added": frozenset({"tag"}),
    "tag.removed": frozenset({"tag"}),
    "message.sent": frozenset({"staff", "content", "touch"}),
    "message.received": frozenset({"staff", "feedback", "feedback_by"}),
    "feedback.given": frozenset({"staff", "feedback", "feedback_by"}),
    "content.sent": _CONTENT,
    "content.failed": _CONTENT,
    "content.delivered": _CONTENT,
    "content.viewed": _CONTENT | {"seconds"},
    "content.clicked": _CONTENT,
    "form.submitted": frozenset({"form", "staff"}),
    "call.made": frozenset({"staff"}),
    "call.answered": frozenset({"staff", "seconds"}),
    "order.paid": frozenset({"amount", "currency", "staff"}),
    "order.refunded": frozenset({"amount", "currency", "staff"}),
    "survey.answered": frozenset({"nps"}),
    "stage.set": frozenset({"journey", "stage", "hold", "by"}),
    "note.added": frozenset({"staff"}),
    "opportunity.done": _OPPORTUNITY,
    "opportunity.skipped": _OPPORTUNITY,
    "opportunity.snoozed": _OPPORTUNITY,
    "task.done": frozenset({"task", "staff"}),
    "task.skipped": frozenset({"task", "staff"}),
    "push.paused": frozenset({"until"}),
    "push.resumed": frozenset(),
    "opted_out": frozenset(),
    "group.created": frozenset({"staff"}),
    "group.dismissed": frozenset({"staff"}),
    "group.joined": frozenset(),
    "group.left": frozenset(),
    "group.message": frozenset(),
    "checkin.done": frozenset(),
    "referral.made": frozenset(),
    "points.changed": frozenset({"points"}),
    "fact.voided": frozenset(),
    ERASED: frozenset({"trails"}),
}
"""The known types, each with the fields of ``data`` that stay readable after an erasure; all else is personal."""

COMMAND_TYPES: Final = frozenset(
    {
        "stage.set",
        "opportunity.done",
        "opportunity.skipped",
        "opportunity.snoozed",
        "content.sent",
        "fact.voided",
        ERASED,
    }
)
"""Made by commands; sent as facts they need the role admin (import of history)."""
