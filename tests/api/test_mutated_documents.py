"""Mutated documents never publish: each is refused with a place, and the log holds the valid ones and nothing else.

The quick form tries some hundreds; TRAILBOOK_LONG=1 ten thousand wrong by construction and three thousand slips.
"""

import copy
import json
import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.publishing import Draft, publish
from api.settings import Settings
from api.wiring import Service, service
from domain.refusals import Fault, NotUnderstood, RulebookUnfit, TooLarge
from domain.rulebook.lint import findings
from domain.rulebook.reader import read
from tests.domain.mutations import mutated_documents, mutated_texts
from tests.domain.rulebook_texts import CLINIC, GYM

LONG = os.environ.get("TRAILBOOK_LONG") == "1"
TEXTS = (GYM, CLINIC)
DOCUMENTS = tuple(read(text).document for text in TEXTS)

Chance = random.Random
Mutation = Callable[[Any, Chance], str]
"""From a document that may be published, a copy of which is handed in, to the text of one that may not."""


def without_a_required_key(document: Any, chance: Chance) -> str:
    holder, key = chance.choice([*_required(document)])
    del holder[key]
    return _written(document)


def with_a_value_of_another_type(document: Any, chance: Chance) -> str:
    holder, key = chance.choice([*_required(document)])
    holder[key] = chance.choice([7, 1.5, True, "", [[]], [], {"x": 1}])
    return _written(document)


def with_null(document: Any, chance: Chance) -> str:
    holder, key = chance.choice([*_members(document)])
    holder[key] = None
    return _written(document)


def with_an_unknown_key(document: Any, chance: Chance) -> str:
    chance.choice([*_closed(document)])["surprise"] = 1
    return _written(document)


def with_a_key_twice(document: Any, chance: Chance) -> str:
    holder = chance.choice([held for held in _closed(document) if held])
    key = chance.choice([*holder])
    holder["twice"] = holder[key]
    return _written(document).replace('"twice"', json.dumps(key, ensure_ascii=False))


def with_a_sign_no_text_holds(document: Any, chance: Chance) -> str:
    texts = [(holder, key) for holder, key in _members(document) if isinstance(holder[key], str)]
    holder, key = chance.choice(texts)
    at = chance.randint(0, len(holder[key]))
    holder[key] = holder[key][:at] + chance.choice("\0\ud800") + holder[key][at:]
    return json.dumps(document, ensure_ascii=chance.random() < 0.5)


def with_a_sign_of_a_chinese_keyboard(document: Any, chance: Chance) -> str:
    text = _written(document)
    signs = dict(zip(",:{}[]", "，：｛｝［］", strict=True))
    at = chance.choice([at for at in _outside_of_texts(text) if text[at] in signs])
    return text[:at] + signs[text[at]] + text[at + 1 :]


def with_an_unknown_stage(document: Any, chance: Chance) -> str:
    place = chance.choice(["to", "from", "if", "renames", "manual"])
    move = chance.choice(document["moves"])
    if place == "renames":
        document["renames"] = {"old": "nowhere"}
    elif place == "manual":
        document["manual"] = [{"from": "*", "to": chance.choice(["nowhere", ["nowhere"]])}]
    else:
        move[place] = {"not": {"stage": ["nowhere"]}} if place == "if" else "nowhere"
    return _written(document)


def with_renames_in_a_circle(document: Any, chance: Chance) -> str:
    ids = [stage["id"] for stage in document["stages"]]
    one, other = chance.choice([("old", "older"), (ids[0], ids[1]), ("old", "old")])
    document["renames"] = {one: other, other: one}
    return _written(document)


def with_an_id_twice(document: Any, chance: Chance) -> str:
    entries = document[chance.choice([name for name in ("stages", "tags", "moves") if document.get(name)])]
    entries.insert(chance.randint(0, len(entries)), {**chance.choice(entries), **chance.choice([{}, {"title": "x"}])})
    return _written(document)


def with_none_or_two_initial_stages(document: Any, chance: Chance) -> str:
    initial = chance.choice([True, False])
    for stage in document["stages"]:
        stage["initial"] = initial
    return _written(document)


def with_a_duration_that_is_none(document: Any, chance: Chance) -> str:
    names = {"after", "within", "expires", "open_for", "per", "in_stage_for"}
    holder, key = chance.choice([(holder, key) for holder, key in _members(document) if key in names])
    holder[key] = chance.choice(["soon", "", "-3d", "P1Y", "P1M", "1.5d", "40000d", "3 d", "３d", 3])
    return _written(document)


def with_a_rule_that_cannot_be(document: Any, chance: Chance) -> str:
    move = chance.choice(document["moves"])
    change: dict[str, Any] = chance.choice(
        [
            {"when": {"fact": "x"}, "after": "1d"},
            {"if": {"tag": "x", "seen": "y"}},
            {"if": {}},
            {"if": {"all": []}},
            {"if": {"count": "x"}},
            {"if": {"count": "x", "at_least": 10**15}},
            {"if": {"sum": "x", "gte": 1}},
            {"if": {"eval": "1 + 1"}},
            {"if": _deep(40)},
            {"id": "enter"},
            {"id": "x\n"},
        ]
    )
    move.update(change)
    return _written(document)


def of_another_journey(document: Any, chance: Chance) -> str:
    document["journey"] = chance.choice(["another", document["journey"] + "2", document["journey"].upper(), "a/b", ""])
    return _written(document)


def with_a_time_zone_that_is_none(document: Any, chance: Chance) -> str:
    document["timezone"] = chance.choice(["Asia/Nowhere", "asia shanghai", "+08:00", ""])
    return _written(document)


def cut_short(document: Any, chance: Chance) -> str:
    text = _written(document)
    return text[: chance.randint(0, len(text) - 1)]


MUTATIONS: tuple[Mutation, ...] = (
    without_a_required_key,
    with_a_value_of_another_type,
    with_null,
    with_an_unknown_key,
    with_a_key_twice,
    with_a_sign_no_text_holds,
    with_a_sign_of_a_chinese_keyboard,
    with_an_unknown_stage,
    with_renames_in_a_circle,
    with_an_id_twice,
    with_none_or_two_initial_stages,
    with_a_duration_that_is_none,
    with_a_rule_that_cannot_be,
    of_another_journey,
    with_a_time_zone_that_is_none,
    cut_short,
)


def _written(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False)


def _members(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every value with the object or list that holds it."""
    for key in value if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from _members(value[key])


def _closed(document: Any) -> Iterator[Any]:
    """Every object whose keys are given; `where` may hold any field."""
    yield document
    yield from (holder[key] for holder, key in _members(document) if key != "where" and isinstance(holder[key], dict))


def _required(document: Any) -> Iterator[tuple[Any, str]]:
    keys = {
        "stages": ("id",),
        "manual": ("to",),
        "tags": ("id", "when"),
        "moves": ("id", "to"),
        "opportunities": ("id", "kind"),
    }
    yield from ((document, key) for key in ("journey", "stages"))
    for section, required in keys.items():
        yield from ((entry, key) for entry in document.get(section, ()) for key in required)
    yield from ((holder[key], "fact") for holder, key in _members(document) if key == "when")


def _outside_of_texts(text: str) -> Iterator[int]:
    inside = False
    for at, sign in enumerate(text):
        if sign == '"' and text[at - 1] != "\\":
            inside = not inside
        elif not inside:
            yield at


def _deep(depth: int) -> Any:
    return {"seen": "x"} if depth == 0 else {"not": _deep(depth - 1)}


@st.composite
def slips(draw: st.DrawFn) -> tuple[str, str]:
    """A journey, and a text or a document of it in which some signs or members were changed; it may still be valid."""
    number = draw(st.integers(0, len(TEXTS) - 1))
    texts = st.one_of(mutated_texts([TEXTS[number]]), mutated_documents([DOCUMENTS[number]]).map(_written))
    return DOCUMENTS[number]["journey"], draw(texts)


def published(wired: Service, journey: str, text: str) -> int | None:
    """The number it was published under, or ``None`` where it was refused with a fault that has a place."""
    try:
        return publish(wired, journey, Draft(text, "a test"), "a test", lambda _: True).version
    except (RulebookUnfit, NotUnderstood) as refusal:
        faults = refusal.faults
    assert any(fault.pointer or fault.line for fault in faults)
    return None


def errors(text: str) -> list[Fault]:
    return [finding for finding in findings(text, available_timezones()) if finding.severity == "error"]


@pytest.fixture
def wired(database: str, tmp_path: Path) -> Iterator[Service]:
    with service(Settings(home=tmp_path), database) as wired:
        yield wired


@pytest.mark.timeout(1800 if LONG else 120)
def test_what_is_wrong_by_construction_is_refused_with_a_place(wired: Service) -> None:
    chance = random.Random(0)
    for number in range(10_000 if LONG else 10 * len(MUTATIONS)):
        mutation, document = MUTATIONS[number % len(MUTATIONS)], chance.choice(DOCUMENTS)
        text = mutation(copy.deepcopy(document), chance)
        assert published(wired, document["journey"], text) is None, (mutation.__name__, text)

    assert wired.log.reading.head() == 0
    assert [published(wired, document["journey"], _written(document)) for document in DOCUMENTS] == [1, 1]


@pytest.mark.timeout(1800 if LONG else 120)
def test_of_slips_of_a_hand_the_valid_are_published_and_nothing_else(wired: Service) -> None:
    done: Counter[str] = Counter()

    @given(slips())
    @settings(max_examples=3000 if LONG else 100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def publish_if_valid(slip: tuple[str, str]) -> None:
        journey, text = slip
        valid = not errors(text) and read(text).document["journey"] == journey
        done[journey] += valid
        assert published(wired, journey, text) == (done[journey] if valid else None)

    publish_if_valid()
    assert wired.log.reading.head() == done.total()


def test_what_is_larger_than_the_log_takes_is_not_published(wired: Service) -> None:
    large = {**DOCUMENTS[0], "title": "大" * 90_000}
    with pytest.raises(TooLarge):
        publish(wired, large["journey"], Draft(_written(large), "a test"), "a test", lambda _: True)
    assert wired.log.reading.head() == 0
