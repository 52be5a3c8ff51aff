"""Worlds to backtest: a few customers, published versions, a candidate, a period; over the whole language."""

from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from backtest.question import Outcome, Question, question_of
from backtest.varying import Vary
from domain.facts import Fact
from domain.instants import DAY, rfc_3339
from domain.journey.in_force import Version, version
from domain.rulebook.document import Document, build
from tests.domain.generate import GRID, JOURNEY, at, evenly, histories, instants, later_documents, publications
from tests.domain.test_laws import versions

ZONES = ("UTC", "Asia/Shanghai", "America/New_York", "Pacific/Kiritimati")
"""New York put its clocks forward within these weeks."""


@dataclass(frozen=True)
class World:
    question: Question
    published: tuple[Version, ...]
    facts: tuple[Fact, ...]

    @property
    def histories(self) -> dict[str, list[Fact]]:
        return {who: [fact for fact in self.facts if fact.customer == who] for who in {f.customer for f in self.facts}}


@st.composite
def worlds(draw: st.DrawFn, customers: int = 3) -> World:
    published = draw(publications())
    candidate = draw(later_documents(published[-1].document))
    document: dict[str, Any] = {**candidate, "timezone": draw(st.sampled_from(ZONES))}
    since = draw(evenly(st.none(), instants, instants))
    until = draw(st.sampled_from([at(50), at(40), at(30), at(20)]).filter(lambda end: since is None or end >= since))
    outcome = Outcome(draw(st.sampled_from(["x", "y", "order.paid"])), draw(st.sampled_from([1, 2, 5])) * DAY)
    facts = tuple(
        replace(fact, customer=f"c{number}") for number in range(customers) for fact in draw(histories(at_most=12))
    )
    vary = draw(st.sampled_from(ways_to_vary(document)))
    question = question_of(document, build(document), since, until, draw(st.sampled_from([None, outcome])), vary)
    return World(question, tuple(versions(published)), facts)


def ways_to_vary(document: Document) -> list[Vary | None]:
    """Not at all; or the time of a timer, of an expiry or of a card that the document has."""
    lengths = [
        f"{section}.{rule['id']}.{name}"
        for section, name in (("moves", "after"), ("tags", "expires"), ("opportunities", "open_for"))
        for rule in document[section]
        if name in rule
    ]
    return [None, *(Vary(path, ("12h", "2d", "5d")) for path in lengths)]


# Boards: little but cards that open and close, change hands, are snoozed and change their kind ------------------------

BUSY: dict[str, list[dict[str, object]]] = {
    "x": [{}],
    "y": [{}],
    "order.paid": [{}],
    "opportunity.done": [{"journey": JOURNEY, "rule": "card0"}],
    "opportunity.snoozed": [
        {"journey": JOURNEY, "rule": rule, "until": rfc_3339(at(place))}
        for rule in ("card0", "card1")
        for place in (4, 9)
    ],
    "staff.assigned": [{"staff": "zhang"}, {"staff": "wang"}, {"staff": ""}, {"staff": 5}],
    "contact.added": [{"staff": "li"}, {"staff": ""}, {}],
}


@st.composite
def boards(draw: st.DrawFn, customers: int = 3) -> World:
    """Every half day may matter; some facts lie off that grid."""
    cards = st.tuples(
        st.sampled_from(["call", "chat"]),
        st.sampled_from([{}, {"open_for": "1d"}, {"open_for": "PT36H"}]),
        st.sampled_from([{}, {"closes": {"when": {"fact": "y"}}}]),
    ).map(lambda parts: {"kind": parts[0], **parts[1], **parts[2], "when": {"fact": "x"}})

    def document() -> dict[str, Any]:
        listed = [{"id": f"card{number}", **draw(cards)} for number in range(draw(st.sampled_from([1, 2])))]
        return {"journey": JOURNEY, "stages": [{"id": "A", "initial": True}], "opportunities": listed}

    published = [version(build(document()))]
    if draw(st.booleans()):
        published.append(version(build(document()), 2, at(draw(st.integers(1, 8))), at(0)))
    candidate = document() | {"timezone": draw(st.sampled_from(ZONES))}
    facts = tuple(
        Fact("s", f"{who}-{place}", fact_type, f"c{who}", at(0) + draw(st.integers(0, 20)) * GRID // 2, "", data)
        for who in range(customers)
        for place in range(draw(st.integers(0, 9)))
        for fact_type in [draw(st.sampled_from(["x", "x", *BUSY]))]
        for data in [draw(st.sampled_from(BUSY[fact_type]))]
    )
    outcome = Outcome(draw(st.sampled_from(["order.paid", "x"])), draw(st.sampled_from([1, 2, 4])) * GRID)
    since = draw(st.sampled_from([None, at(0), at(2), at(5)]))
    question = question_of(candidate, build(candidate), since, at(draw(st.sampled_from([10, 7, 12]))), outcome)
    return World(question, tuple(published), facts)
