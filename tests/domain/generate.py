"""Rulebooks and histories for the laws: small worlds in which ties, late facts and due instants meet often.

All instants lie on a grid of half days and all durations are whole multiples of it, so a timer often falls due at the
very instant of a fact. Documents are drawn over the whole language; later versions keep, drop and change rules. Parts
are drawn from lists, simplest first, rather than built: a draw is dear, and what fails shrinks to the simplest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from hypothesis import strategies as st

from domain.facts import Fact
from domain.instants import DAY, Instant, instant, rfc_3339
from tests.domain.naive import Published

Document = dict[str, Any]
Drawn = st.SearchStrategy[Document]

JOURNEY = "j"
STAGES = ("A", "B", "C", "D")
START: Instant = instant("2026-03-01T00:00:00Z")
GRID = DAY // 2
PLACES = 40
"""Facts happen within twenty days of the start."""


@dataclass(frozen=True)
class Case:
    """What a fold is asked: facts in order of arrival, versions, and the instant."""

    facts: tuple[Fact, ...]
    published: tuple[Published, ...]
    as_of: Instant


def at(place: int) -> Instant:
    """The instant of a place on the grid."""
    return START + place * GRID


def optional(name: str, values: Sequence[object]) -> list[Document]:
    """A key with each value in turn, and without it."""
    return [{}, *({name: value} for value in values)]


def joined(*parts: Sequence[Document]) -> list[Document]:
    """Every union of one document of each part."""
    return [{key: value for part in choice for key, value in part.items()} for choice in product(*parts)]


def evenly(*strategies: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Each with the same chance; ``one_of`` would weigh every strategy by the branches inside it."""
    return st.sampled_from(strategies).flatmap(lambda chosen: chosen)


sometimes = st.booleans()
instants = st.integers(0, PLACES).map(at)

# Conditions ---------------------------------------------------------------------------------------------------------

DURATIONS = ("12h", "1d", "2d", "3d", "5d", "PT36H")
TAGS = ("t1", "t2", "t3")
TYPES: tuple[Any, ...] = ("x", "y", "*", ["x", "y"], "order.paid", ["y", "*"], "tag.added", "stage.set")
COMPARISONS: tuple[Document, ...] = (
    {"in": ["a", 1]},
    {"in": [0.5, True]},
    {"eq": 1},
    {"eq": True},
    {"gte": 1},
    {"gte": "a"},
    {"lte": 1},
    {"gte": 0.5, "lte": 2},
    {"lte": "b", "exists": True},
    {"in": ["a", "b"], "eq": "b"},
    {"exists": True},
    {"exists": False},
)
WHERES = (
    {"v": "a"},
    {"v": 1},
    {"v": True},
    {"v": ["a", 1]},
    *({"v": comparison} for comparison in COMPARISONS),
    {"keyword": "call"},
    {"keyword": ["Call", "电话"], "v": {"exists": False}},
)
WHERE = optional("where", WHERES)
WITHIN = optional("within", DURATIONS)
SOME_WHERE = [{}, {}, {}, *({"where": where} for where in WHERES[:4])]
COUNTED: list[Document] = [{"at_least": 2}, {"at_most": 1}, {"at_least": 1, "at_most": 2}, {"at_most": 0}]
SUMMED: list[Document] = [{"gte": 0.6}, {"lte": 1}, {"gte": 0, "lte": 0.3}, {"gte": 2.5}]

leaves: Drawn = evenly(
    st.sampled_from([{"tag": names} for names in (*TAGS, ["t1", "t2"])]),
    st.sampled_from([{"stage": names} for names in (*STAGES, ["A", "C"], ["B", "C"])]),
    st.sampled_from([{"in_stage_for": length} for length in (*DURATIONS, "0s")]),
    st.sampled_from([{"attribute": "plan", **comparison} for comparison in ({}, *COMPARISONS)]),
    st.sampled_from([{"seen": types, **window} for types in TYPES for window in joined(SOME_WHERE, WITHIN)]),
    st.sampled_from([{"count": types, **window} for types in TYPES for window in joined(COUNTED, SOME_WHERE, WITHIN)]),
    st.sampled_from([{"sum": types, "field": "n", **w} for types in TYPES for w in joined(SUMMED, SOME_WHERE, WITHIN)]),
)
conditions: Drawn = evenly(
    leaves,
    leaves,
    leaves.map(lambda member: {"not": member}),
    st.tuples(leaves, leaves).map(lambda members: {"all": list(members)}),
    st.tuples(leaves, leaves).map(lambda members: {"any": [members[0], {"not": members[1]}]}),
)

# Triggers -----------------------------------------------------------------------------------------------------------

TIMES: list[Document] = [
    {},
    {},
    {},
    {"times": {"at_least": 2}},
    *({"times": {"at_least": 2, "within": d}} for d in DURATIONS),
]
ANCHORS: list[object] = ["stage_entry", *({which: types} for which in ("last", "first") for types in TYPES[:5])]

whens = evenly(
    st.sampled_from([{"when": {"fact": types, **times}} for types in TYPES for times in TIMES]),
    st.sampled_from([{"when": {"fact": types, **where}} for types in TYPES for where in WHERE]),
)
ifs = conditions.map(lambda condition: {"if": condition})
whens_and_ifs = st.tuples(whens, ifs).map(lambda parts: {**parts[0], **parts[1]})
afters = st.sampled_from([{"after": length, **since} for length in DURATIONS for since in optional("since", ANCHORS)])
afters_and_ifs = st.tuples(afters, ifs).map(lambda parts: {**parts[0], **parts[1]})
with_when = evenly(whens, whens, whens_and_ifs)
triggers = evenly(whens, ifs, whens_and_ifs)

# Rules --------------------------------------------------------------------------------------------------------------

TAG_EFFECTS = [
    *({"add": tag, **expires} for tag in TAGS for expires in optional("expires", DURATIONS)),
    *({"remove": tag} for tag in TAGS),
]
tag_rules: Drawn = st.tuples(with_when, st.sampled_from(TAG_EFFECTS)).map(lambda parts: {**parts[0], **parts[1]})
CARD_KINDS = joined([{"kind": "call"}, {"kind": "chat"}], optional("open_for", DURATIONS))
closings = evenly(st.just({}), triggers.map(lambda trigger: {"closes": trigger}))
cards: Drawn = st.tuples(triggers, st.sampled_from(CARD_KINDS), closings).map(
    lambda parts: {**parts[0], **parts[1], **parts[2]}
)
move_triggers = evenly(with_when, ifs, afters, afters, afters_and_ifs)


def moves(stages: Sequence[str]) -> Drawn:
    origins = [*stages, "*", *([one, other] for one in stages for other in stages if one < other)]
    ways = [{"to": to, **origin} for to in stages for origin in optional("from", origins)]
    return st.tuples(st.sampled_from(ways), move_triggers).map(lambda parts: {**parts[0], **parts[1]})


@st.composite
def rules(draw: st.DrawFn, rule: Drawn, prefix: str, at_most: int = 3) -> list[Document]:
    return [{"id": f"{prefix}{number}", **draw(rule)} for number in range(draw(st.integers(0, at_most)))]


# Documents ----------------------------------------------------------------------------------------------------------

enters = evenly(
    st.sampled_from([{}, {}, {}, {"enter": {"when": {"fact": "x"}}}, {"enter": {"when": {"fact": ["x", "y"]}}}]),
    triggers.map(lambda trigger: {"enter": trigger}),
)
leavings = evenly(
    st.just({"leave": {"when": {"fact": "order.paid"}}}), triggers.map(lambda trigger: {"leave": trigger})
)


@st.composite
def documents(draw: st.DrawFn, stages: Sequence[str] = STAGES[:3]) -> Document:
    """One rulebook's document, fit for ``build``."""
    document: Document = {"journey": JOURNEY, "stages": [{"id": stage, "initial": stage == "A"} for stage in stages]}
    document["tags"] = draw(rules(tag_rules, "tag"))
    document["moves"] = draw(rules(moves(stages), "move", 5))
    document["opportunities"] = draw(rules(cards, "card"))
    document |= draw(enters)
    if "enter" in document and draw(sometimes):
        document |= draw(leavings)
    return document


@st.composite
def later_documents(draw: st.DrawFn, base: Document) -> Document:
    """A next version of ``base``: rules kept, dropped, changed or new; stages gone, renamed or new."""
    stages = draw(st.sampled_from([("A", "B", "C"), ("A", "B"), ("B", "A2", "C"), ("B2", "D"), ("A", "B2", "C2")]))
    document: Document = {"journey": JOURNEY}
    document["stages"] = [{"id": stage, "initial": stage == stages[0]} for stage in stages]
    document["tags"] = draw(changed(base["tags"], tag_rules, "tag"))
    document["opportunities"] = draw(changed(base["opportunities"], cards, "card"))
    fitting = [move for move in base["moves"] if move["to"] in stages]
    document["moves"] = draw(changed(fitting, moves(stages), "move"))
    document["renames"] = draw(st.dictionaries(st.sampled_from(STAGES), st.sampled_from(stages), max_size=2))
    document |= draw(enters)
    if draw(sometimes):
        document["in_flight"] = "pin"
    return document


@st.composite
def changed(draw: st.DrawFn, old: list[Document], rule: Drawn, prefix: str) -> list[Document]:
    """Each old rule as it was, changed under its id, or gone; and perhaps a new one, first."""
    fates = [draw(st.sampled_from(["kept", "kept", "changed", "gone"])) for _ in old]
    found = [
        one if fate == "kept" else {"id": one["id"], **draw(rule)}
        for one, fate in zip(old, fates, strict=True)
        if fate != "gone"
    ]
    new_id = f"{prefix}-new"
    if draw(sometimes) and all(one["id"] != new_id for one in old):
        found.insert(0, {"id": new_id, **draw(rule)})
    return found


@st.composite
def publications(draw: st.DrawFn) -> tuple[Published, ...]:
    """One to four versions; they may come into force at one instant, before all facts, or out of number's order."""
    published = [Published(1, draw(documents()), draw(evenly(st.none(), st.none(), instants)))]
    for number in range(2, draw(st.sampled_from([1, 1, 2, 2, 3, 4])) + 1):
        published.append(
            Published(number, draw(later_documents(published[-1].document)), draw(instants), draw(instants))
        )
    return tuple(published)


# Facts --------------------------------------------------------------------------------------------------------------

VALUES = ("a", "b", "1", 1, 2, 0.5, True, False, None, [1], {"a": 1})
NUMBERS = (0.1, 0.2, 0.3, 1, 2.5, -1, "1", True, None)
PLAIN: list[Document] = [
    *({} for _ in range(12)),
    *({"v": value} for value in VALUES),
    *({"n": number} for number in NUMBERS),
    *({"v": value, "n": number} for value in ("a", 1) for number in NUMBERS[:4]),
    *({"text": said, "v": "a"} for said in ("please call me", "打电话", "Call", 7)),
    *({"text": said} for said in ("please call me", "打电话", "Call", 7)),
]
HOLDS = ("12h", "1d", "3d", "PT36H", "0s", "soon", 5, None)
SETTABLE = ("A", "B", "C", "C", "B2", "A2", "D", "Z", 7)
HAPPENINGS: dict[str, Sequence[Mapping[str, object]]] = {
    "x": PLAIN,
    "y": PLAIN,
    "order.paid": PLAIN,
    "tag.added": [*({"tag": tag} for tag in TAGS), {"tag": 5}, {}],
    "tag.removed": [*({"tag": tag} for tag in TAGS), {}],
    "stage.set": [
        *({"journey": JOURNEY, "stage": stage, **hold} for stage in SETTABLE for hold in optional("hold", HOLDS)),
        *({"journey": JOURNEY, "stage": stage} for stage in SETTABLE for _ in HOLDS),
        {"journey": "other", "stage": "B"},
        {"stage": "B"},
    ],
    "profile.changed": [*({"attributes": {"plan": value}} for value in VALUES), {"attributes": "none"}, {}],
    "opportunity.done": [{"journey": JOURNEY, "rule": rule} for rule in ("card0", "card1", "card2")],
    "opportunity.skipped": [{"journey": JOURNEY, "rule": rule} for rule in ("card0", "card-new")],
    "opportunity.snoozed": [
        *(
            {"journey": JOURNEY, "rule": rule, "until": rfc_3339(at(place))}
            for rule in ("card0", "card1")
            for place in (5, 20, 45)
        ),
        {"journey": JOURNEY, "rule": "card0", "until": "soon"},
        {"rule": "card0"},
    ],
    "staff.assigned": [{"staff": "zhang"}, {"staff": "wang"}, {"staff": 5}, {}],
    "contact.added": [{"staff": "li"}, {}],
}
# Half of all facts are of the types that rules mostly speak of.
happenings = evenly(
    *(
        st.sampled_from([(fact_type, data) for data in HAPPENINGS[fact_type]])
        for fact_type in ("x", "y", "x", "y", "stage.set")
    ),
    *(st.sampled_from([(fact_type, data) for data in found]) for fact_type, found in HAPPENINGS.items()),
)
SENDERS = [(source, sequence) for source in ("s1", "s2") for sequence in ("", "1", "2")]
LATENESS = (0, 0, 0, 1, 2, 7, 30)


@st.composite
def facts(draw: st.DrawFn, number: int) -> Fact:
    fact_type, data = draw(happenings)
    source, sequence = draw(st.sampled_from(SENDERS))
    place = draw(st.integers(0, PLACES))
    return Fact(
        source=source,
        id=str(number),
        type=fact_type,
        customer="c",
        occurred_at=at(place),
        sequence=sequence,
        data=data,
        recorded_at=at(place + draw(st.sampled_from(LATENESS))),
    )


@st.composite
def histories(draw: st.DrawFn, at_most: int = 16) -> tuple[Fact, ...]:
    """Facts of one customer in order of arrival, each once; some late, some at one instant, sometimes one voided."""
    known = [draw(facts(number)) for number in range(draw(st.integers(0, at_most)))]
    if known and draw(st.integers(0, 4)) == 4:
        wrong = draw(st.sampled_from(known))
        known.append(replace(wrong, id="v", type="fact.voided", data={"source": wrong.source, "id": wrong.id}))
    return tuple(known)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A question: mostly about the end, when everything has happened, sometimes about an earlier day."""
    return Case(draw(histories()), draw(publications()), at(draw(st.sampled_from([50, 60, PLACES, 30, 20, 10]))))
