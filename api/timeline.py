"""`trailbook replay CUSTOMER`: one customer's trail from the database, as a readable timeline."""

from rich.console import Console
from rich.table import Table

from api.wiring import Service
from domain.history import in_fold_order
from domain.instants import Instant, rfc_3339
from domain.journey.fold import fold
from domain.journey.steps import Cause, Step
from domain.refusals import UnknownJourney


def show_timeline(wired: Service, customer: str, journey: str, as_of: Instant, known_at: Instant | None) -> None:
    """Print every step with its cause, and where she stands after them. Raises ``Unknown``, ``AheadOfNow``."""
    reading = wired.log.reading
    position = reading.head() if known_at is None else reading.position_at(known_at)
    if not wired.log.publications.of(journey):
        raise UnknownJourney()
    versions = wired.versions(journey, position, unknown_is_none=True)
    facts = in_fold_order(reading.customer(customer, position).facts, as_of)
    folded = fold(facts, versions, as_of)
    table = Table(title=f"{customer} on {journey}, as of {rfc_3339(as_of)}, log position {position}")
    for heading in ("at", "step", "because of", "rule", "rulebook"):
        table.add_column(heading)
    for step in folded.steps:
        table.add_row(
            rfc_3339(step.at), _what(step), _why(step.cause), step.cause.rule or "by hand", _number(step.cause)
        )
    console = Console()
    console.print(table)
    stage = folded.standing.stage
    console.print(f"Stands in: {stage}" if stage is not None else "Not on the journey.")


def _what(step: Step) -> str:
    named = step.tag or step.opportunity
    return f"{step.kind} {named}" if named else f"{step.kind} {step.origin or ''} → {step.target or ''}"


def _why(cause: Cause) -> str:
    return (
        f"{cause.fact.type} ({cause.fact.source}, {cause.fact.id})"
        if cause.fact is not None
        else f"timer: {cause.timer}"
    )


def _number(cause: Cause) -> str:
    return "" if cause.rulebook is None else str(cause.rulebook)
