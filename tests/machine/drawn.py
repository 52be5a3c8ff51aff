"""What the machine sends: documents fit to be published, and facts around the present."""

from dataclasses import replace
from typing import Any
from zoneinfo import available_timezones

from hypothesis import strategies as st

from domain.facts import Fact
from domain.instants import DAY, SECOND, Instant, rfc_3339
from domain.rulebook.lint import findings_of
from tests.domain.generate import GRID, SENDERS, Document, documents, evenly, happenings, later_documents

ZONES = sorted(available_timezones())
JOURNEYS = ("j", "other")
CUSTOMERS = ("c1", "c2", "客户/3")
EVERY_STAGE = ("A", "B", "C", "D", "A2", "B2", "C2")
LATE = (0, 0, 0, 0, 1, 2, 3, 5, 8, 13, 30)
"""How many half days before the present a fact may have happened."""
RANKS: list[Document] = [
    {},
    {"rank": 10},
    {"rank": 10, "ageing": {"add": 10, "per": "1d"}},
    {"rank": 30},
    {"rank": 30, "ageing": {"add": -3, "per": "12h"}},
]
MANUAL: list[Document] = [
    {},
    {},
    {"manual": [{"to": "*"}]},
    {"manual": [{"from": "A", "to": ["B"]}, {"from": ["B"], "to": "*"}]},
    {"manual": []},
]


PLAIN: dict[str, list[Document]] = {
    "opportunities": [
        {"id": "asked", "kind": "chat", "when": {"fact": ["x", "y"]}, "open_for": "2d", "rank": 20},
        {
            "id": "fresh",
            "kind": "call",
            "if": {"count": "x", "within": "1d", "at_least": 1},
            "closes": {"when": {"fact": "y"}},
        },
        {"id": "paid", "kind": "chat", "when": {"fact": "order.paid"}, "rank": 40, "ageing": {"add": 1, "per": "12h"}},
    ],
    "moves": [
        {"id": "onward", "from": "A", "to": "B", "when": {"fact": "x"}},
        {"id": "cool", "from": "B", "to": "A", "after": "2d", "since": {"last": "x"}},
        {"id": "tagged", "to": "C", "if": {"tag": "t1"}},
    ],
    "tags": [
        {"id": "lively", "when": {"fact": "*", "times": {"at_least": 2, "within": "2d"}}, "add": "t1", "expires": "3d"}
    ],
}
"""Rules that most facts have something to do with: among drawn rules alone little would happen."""


@st.composite
def rulebooks(draw: st.DrawFn, journey: str, zone: str, base: Document | None) -> Document:
    """A document of a journey that may be published; a later version of ``base``, where there is one."""
    drawn = draw(documents() if base is None else later_documents(base))
    for section, plain in PLAIN.items():
        there = {rule["id"] for rule in drawn[section]}
        added = draw(st.lists(st.sampled_from(plain), max_size=2, min_size=1, unique_by=lambda rule: rule["id"]))
        drawn[section] = [*drawn[section], *(rule for rule in added if rule["id"] not in there)]
    if draw(st.booleans()):
        drawn = _without(drawn, ["enter"])
    ranked = [rule if "rank" in rule else rule | draw(st.sampled_from(RANKS)) for rule in drawn["opportunities"]]
    return mended(
        drawn | draw(st.sampled_from(MANUAL)) | {"opportunities": ranked, "journey": journey, "timezone": zone}
    )


def mended(document: Document) -> Document:
    """The same without what is wrong in it: rules about stages it has not, renames of stages it has."""
    while wrong := [
        fault.pointer.split("/")[1:] for fault in findings_of(document, ZONES) if fault.severity == "error"
    ]:
        document = _without(document, wrong[0])
    return document


def _without(document: Document, pointer: list[str]) -> Document:
    section, *rest = pointer
    if section in ("enter", "leave"):
        return {name: value for name, value in document.items() if name not in ("enter", "leave")}
    if section == "renames":
        return document | {section: {old: new for old, new in document[section].items() if old != rest[0]}}
    return document | {section: [one for number, one in enumerate(document[section]) if number != int(rest[0])]}


@st.composite
def facts(draw: st.DrawFn, number: int, now: Instant) -> Fact:
    """One that happened on the grid of half days, at this very instant, or a little ahead of it."""
    customer = draw(st.sampled_from(CUSTOMERS))
    source, sequence = draw(st.sampled_from(SENDERS))
    on_the_grid = now // GRID * GRID - draw(st.sampled_from(LATE)) * GRID
    happened = draw(st.sampled_from([on_the_grid, on_the_grid, on_the_grid, now, now + 1, now + 300 * SECOND]))
    type, data = draw(evenly(*[happenings] * 5, works(now)))
    extensions: Document = draw(st.sampled_from([{}, {}, {"traceparent": "00-1"}]))
    return Fact(source, str(number), type, customer, happened, sequence, data, extensions)


def works(now: Instant) -> st.SearchStrategy[tuple[str, Document]]:
    """Somebody has worked a card of the plain rules, or hides it for up to three days from now."""
    until = rfc_3339((now // GRID + 6) * GRID)
    cards = [
        {"journey": journey, "rule": rule["id"]}
        for journey in JOURNEYS[:1] * 2 + JOURNEYS[1:]
        for rule in PLAIN["opportunities"]
    ]
    return st.sampled_from(
        [("opportunity.snoozed", card | {"until": until}) for card in cards for _ in range(3)]
        + [(type, card) for card in cards for type in ("opportunity.done", "opportunity.skipped")]
    )


@st.composite
def requests(draw: st.DrawFn, number: int, now: Instant, known: list[Fact]) -> list[Fact]:
    """One to five facts: new ones, voids of known ones, repetitions; rarely another content under an id."""
    sent = [draw(facts(number + index, now)) for index in range(draw(st.sampled_from([1, 1, 2, 3, 5])))]
    if known and draw(st.integers(0, 3)) == 3:
        again = replace(draw(st.sampled_from(known)), extensions=draw(st.sampled_from([{}, {"traceparent": "00-2"}])))
        sent.insert(draw(st.integers(0, len(sent))), again)
    if known and draw(st.integers(0, 15)) == 15:
        old = draw(st.sampled_from(known))
        sent.append(replace(old, data={"another": "content"}))
    if draw(st.integers(0, 4)) == 4:
        void = draw(st.sampled_from([*known, *sent]))
        sent.insert(
            draw(st.integers(0, len(sent))),
            replace(void, id=f"v{number}", type="fact.voided", data=_names(void), position=None),
        )
    return sent


def _names(fact: Fact) -> dict[str, Any]:
    return {"source": fact.source, "id": fact.id}


PASSING = (1, 1, SECOND, GRID, GRID, DAY, 2 * DAY, 5 * DAY, 14 * DAY)
"""How long the clock may run between two steps of the machine."""
