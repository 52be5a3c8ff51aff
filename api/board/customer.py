"""`/journey/{journey}/customer/{customer}`: where she stands and why, her trail with both cuts, her facts."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import Depends, Query
from fastapi.responses import HTMLResponse

from api.board.forms import new_form_id
from api.board.refusing import page_router
from api.board.view import Looking, View
from api.customers import Cuts, entries_of
from api.erased import trail_kept
from api.login import logged_in
from domain.facts import Fact
from domain.history import in_fold_order
from domain.instants import rfc_3339
from domain.journey.erased import standing_from
from domain.journey.fold import fold
from domain.journey.in_force import Version, numbered
from domain.journey.manual import allows
from domain.journey.seller import seller_of
from domain.journey.sentences import sentence
from domain.journey.steps import Standing, Step
from domain.journey.trail import Entry
from event_log.reading import CustomerFacts

TOGETHER = 50
STAGE_STEPS = ("entered", "moved", "renamed", "left")
HOLDS = ("", "3d", "7d", "14d", "30d")

router = page_router()

Start = Annotated[int, Query(ge=0, lt=2**31)]


@dataclass(frozen=True, slots=True)
class Asked:
    """Both cuts, as days or times of the journey's zone; which steps; and from where on steps and facts are listed."""

    as_of: str = ""
    known_at: str = ""
    trail: Literal["held", "all"] = "held"
    steps: Start = 0
    facts: Start = 0

    def link(self, **changes: str | int) -> str:
        """The same page with something else asked."""
        values = {**asdict(self), **changes}
        return "?" + urlencode({name: value for name, value in values.items() if value not in ("", 0, "held")})


@dataclass(frozen=True, slots=True)
class Seen:
    """A customer at both cuts. ``steps`` are of the fold; of who is erased there are only the entries of the trail."""

    known: CustomerFacts
    facts: Sequence[Fact]
    history: Sequence[Fact]
    versions: Sequence[Version]
    standing: Standing
    steps: Sequence[Step]
    entries: Sequence[Entry]


@router.get("/journey/{journey}/customer/{customer:path}", dependencies=[Depends(logged_in)])
def customer(view: Looking, journey: str, customer: str, asked: Annotated[Asked, Depends()]) -> HTMLResponse:
    """Where she stands, why, and how she came there."""
    return customer_page(view.to(journey, "customer"), customer, asked)


def customer_page(
    view: View, customer: str, asked: Asked, status: int = 200, said: dict[str, str] | None = None, **more: Any
) -> HTMLResponse:
    """``said`` is what was typed into the form of a move that was refused, ``refusal`` why.

    Raises ``UnknownCustomer``, ``AheadOfNow``, ``NotAnInstant``.
    """
    cuts = _cuts(view, asked)
    seen = _seen(view, customer, cuts)
    entries = [entry for entry in reversed(seen.entries) if asked.trail == "all" or entry.believed]
    facts = list(reversed(seen.facts))
    present = not asked.as_of and not asked.known_at
    return view.render(
        "customer.html",
        status,
        customer=customer,
        asked=asked,
        cuts=cuts,
        standing=seen.standing,
        seller=seller_of(seen.history),
        why=_reasons(view, seen),
        entries=[(entry, _sentence(view, seen, entry.step)) for entry in entries[asked.steps :][:TOGETHER]],
        entries_total=len(entries),
        facts=facts[asked.facts :][:TOGETHER],
        facts_total=len(facts),
        voided=_voided(seen),
        erased=seen.known.erased,
        together=TOGETHER,
        targets=_targets(view, seen) if present and view.actor.may("move") else [],
        may_void=present and view.actor.may("void"),
        holds=HOLDS,
        new_id=new_form_id,
        form=said or {},
        ways=view.ways(cuts.as_of),
        **more,
    )


def _cuts(view: View, asked: Asked) -> Cuts:
    """A day that is not over yet is known as far as it has come."""
    now = view.service.log.reading.now()
    known_at = view.instant(asked.known_at, now)
    if len(asked.known_at) == 10 and view.day(known_at) == view.day(now):
        known_at = now
    as_of = view.instant(asked.as_of, now)
    return Cuts(view.service, rfc_3339(as_of), rfc_3339(known_at) if known_at != now else None)


def _seen(view: View, customer: str, cuts: Cuts) -> Seen:
    """Who was not known yet at the cut stands nowhere; only who never was is unknown."""
    service, journey = view.service, view.journey or ""
    known = service.log.reading.customer(customer).up_to(cuts.position)
    versions = service.versions(journey, cuts.position, unknown_is_none=True)
    history = in_fold_order(known.facts, cuts.as_of)
    facts = sorted((fact for fact in known.facts if fact.occurred_at <= cuts.as_of), key=lambda fact: fact.order)
    if known.erased:
        kept = trail_kept(known, journey, cuts.as_of)
        return Seen(known, facts, history, versions, standing_from(kept, versions), [], kept)
    folded = fold(history, versions, cuts.as_of)
    entries = entries_of(service, customer, journey, cuts)[0] if known.facts else []
    # The trail ends with what was believed of its own day; what is foretold beyond that, the fold alone says.
    entries += [Entry(step) for step in folded.steps if step.at > cuts.known_at]
    return Seen(known, facts, history, versions, folded.standing, folded.steps, entries)


def _sentence(view: View, seen: Seen, step: Step) -> str:
    return view.said(sentence(step, seen.versions))


def _reasons(view: View, seen: Seen) -> dict[str, Any]:
    """The sentence that explains the stage, each tag and each open opportunity: that of the last step about it."""

    stage = next((step for step in reversed(seen.steps) if step.kind in STAGE_STEPS), None)
    tags = {step.tag: step for step in seen.steps if step.tag in seen.standing.tags}
    opened = {step.opportunity: step for step in seen.steps if step.opportunity in seen.standing.open}
    return {
        "stage": None if stage is None else _sentence(view, seen, stage),
        "tags": {tag: _sentence(view, seen, step) for tag, step in tags.items()},
        "open": {rule: _sentence(view, seen, step) for rule, step in opened.items()},
    }


def _voided(seen: Seen) -> dict[tuple[str, str], str]:
    """Why, by the keys of the facts that a void has taken out."""
    holding = {fact.key for fact in seen.history}
    voids = [fact for fact in seen.known.facts if fact.type == "fact.voided" and fact.key not in holding]
    return {(str(void.data["source"]), str(void.data["id"])): str(void.data.get("reason", "")) for void in voids}


def _targets(view: View, seen: Seen) -> list[str]:
    """Where people may move her from here, in the order of the rulebook that judges her."""
    standing = seen.standing
    judged_by = numbered(seen.versions, standing.rulebook)
    if judged_by is None or standing.stage is None or seen.known.erased:
        return []
    judge = judged_by.rulebook
    return [stage for stage in judge.stage_ids if stage != standing.stage and allows(judge, standing.stage, stage)]
