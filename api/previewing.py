"""`.../rulebooks/preview`: who would move, and where to, if a document came into force; nothing is stored."""

import json
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from api.access import Actor, allowed
from api.facts import body_of
from api.openapi.bodies import PreviewDraft
from api.openapi.describing import JSON, answers, ref, takes
from api.openapi.parameters import Journey
from api.openapi.published import Preview as PreviewReport
from api.problems import fault_json, problem_of
from api.publishing import Draft, candidate_of, draft_of, effective_from
from api.wiring import Service
from domain.journey.in_force import ALWAYS, version
from domain.journey.preview import Preview
from domain.refusals import EntryDamaged, NotAnInstant, NotJson, NotUnderstood, Refusal, RulebookUnfit, TooLarge
from event_log.published import version_of
from event_log.reading import Reading

TOGETHER = 200
"""Customers read in one go."""

LINES = "application/x-ndjson"

router = APIRouter(prefix="/v1", tags=["journeys"])


@router.post(
    "/journeys/{journey}/rulebooks/preview",
    operation_id="previewRulebook",
    responses=answers(
        {200: {JSON: ref(PreviewReport), LINES: {"type": "string", "description": "Progress, then the report."}}},
        NotJson,
        NotUnderstood,
        TooLarge,
        RulebookUnfit,
        NotAnInstant,
    ),
    openapi_extra=takes({JSON: PreviewDraft}),
)
def preview_rulebook(
    request: Request,
    journey: Journey,
    _: Annotated[Actor, Depends(allowed("publish"))],
    body: Annotated[bytes, Depends(body_of)],
) -> Response:
    """Who would move if this were published: the same body and the same findings as publishing.

    With `Accept: application/x-ndjson` progress comes line by line, the report last; a problem takes its place.
    """
    lines = previewed(request.app.state.service, journey, draft_of(body))
    if LINES in request.headers.get("accept", ""):
        return StreamingResponse(_written(lines), media_type=LINES)
    *_progress, report = lines
    return JSONResponse(report)


def previewed(service: Service, journey: str, draft: Draft) -> Iterator[dict[str, Any]]:
    """How far it is, ``{"done", "of"}`` in customers, page by page, then the report.

    Raises, before it begins, what publishing would: ``RulebookUnfit``, ``NotUnderstood``; on the way ``StoreAway``.
    """
    candidate = candidate_of(journey, draft)
    reading = service.log.reading
    # In this order nothing at or below the position was published or recorded after `now`.
    position, now = reading.head(), reading.now()
    present = service.log.publications.of(journey, position)
    asked = effective_from(draft, present, now)
    since = ALWAYS if asked is None else asked
    preview = Preview(
        [version_of(publication) for publication in present],
        version(candidate.rulebook, len(present) + 1, since, now),
        now,
    )
    findings = [fault_json(finding) for finding in candidate.findings]
    return _walked(reading, position, preview, findings)


def show_preview(service: Service, journey: str, draft: Draft, *, as_json: bool) -> None:
    """Print the report, progress on standard error. Raises as ``previewed``."""
    report: dict[str, Any] = {}
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("Folding customers", total=None)
        for report in previewed(service, journey, draft):
            if "done" in report:
                bar.update(task, completed=report["done"], total=report["of"])
    if as_json:
        print(json.dumps(report, ensure_ascii=False))
    else:
        _print(report, Console(markup=False, highlight=False))


def _walked(
    reading: Reading, position: int, preview: Preview, findings: list[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    done, of = 0, reading.count()
    erased = damaged = 0
    for numbers in reading.everybody(TOGETHER):
        for found in reading.customers(numbers, position).values():
            if isinstance(found, EntryDamaged):
                damaged += 1
            elif found.subject is None:
                erased += 1
            else:
                preview.take(found.subject, found.facts)
        # Who comes while we walk has nothing at or below the position, and is not waited for.
        done = min(done + len(numbers), of)
        yield {"done": done, "of": of}
    skipped = {"skipped_erased": erased, "skipped_damaged": damaged}
    yield {**preview.as_json(), **skipped, "position": position, "findings": findings}


def _written(lines: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    try:
        for line in lines:
            yield json.dumps(line, ensure_ascii=False).encode("utf-8") + b"\n"
    except Refusal as refusal:
        yield bytes(problem_of(refusal).body) + b"\n"


def _print(report: dict[str, Any], console: Console) -> None:
    console.print(
        f"{report['journey']} version {report['version']}, in force from {report['effective_from'] or 'always'}, "
        f"as of {report['as_of']}, log position {report['position']}"
    )
    stages = Table("stage", "now", "then", title="Where they stand")
    for row in report["stages"]:
        stages.add_row(_named(row["stage"]), str(row["now"]), str(row["then"]))
    moves = Table("from", "to", "customers", "such as", title="Who would move")
    for move in report["moves"]:
        to = _named(move["to"]) + (" (renamed)" if move["renamed"] else "")
        moves.add_row(_named(move["from"]), to, str(move["count"]), ", ".join(move["customers"][:3]))
    console.print(stages, moves if report["moves"] else "Nobody would move.")
    opened, closed = report["opportunities"]["opened"], report["opportunities"]["closed"]
    console.print(f"{report['customers']} customers folded, {report['stay']} stay where they are.")
    console.print(f"Opportunities: {opened} would open, {closed} would close.")
    for skipped, why in ((report["skipped_erased"], "erased"), (report["skipped_damaged"], "damaged entries")):
        if skipped:
            console.print(f"Skipped, {why}: {skipped}.")
    for finding in report["findings"]:
        console.print(f"{finding['severity']}: {finding['pointer']}: {finding['reason']}")


def _named(stage: str | None) -> str:
    return "off the journey" if stage is None else stage
