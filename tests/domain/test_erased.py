"""An erased customer is answered from the trail that was kept of her, at every instant as the fold would have."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.facts import Fact
from domain.history import in_fold_order
from domain.journey.erased import carried, kept_trail, standing_from
from domain.journey.fold import fold
from domain.journey.in_force import Version
from domain.journey.steps import Standing
from domain.journey.trail import trail
from domain.strict_json import canonical, parse
from tests.domain.generate import PLACES, at, histories, publications
from tests.domain.naive import Published
from tests.domain.test_laws import versions as versions_of


def said(standing: Standing) -> dict[str, Any]:
    """Without what an erased customer has no more: the next timer."""
    told = standing.as_json()
    del told["next_timer"], told["rulebook"]
    # A tag given by a rule and then by hand leaves no step: the trail knows how it came.
    told["tags"] = [tag["tag"] for tag in told["tags"]]
    return told


@given(histories(), publications(), st.integers(0, PLACES + 40))
def test_her_standing_is_what_the_fold_said_when_she_was_erased(
    facts: Sequence[Fact], published: tuple[Published, ...], place: int
) -> None:
    versions: list[Version] = versions_of(published)
    erased_at, as_of = at(PLACES + 40), at(place)
    kept = carried({"j": trail(facts, versions, erased_at, erased_at)})
    stored = parse(canonical(kept))

    entries = kept_trail(stored, "j", as_of)

    assert entries == kept_trail(kept, "j", as_of)
    assert [entry.as_json() for entry in entries] == [
        entry.as_json() for entry in trail(facts, versions, as_of, erased_at)
    ]
    folded = fold(in_fold_order(facts, as_of), versions, as_of)
    assert said(standing_from(entries, versions)) == said(folded.standing)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"trails": []},
        {"trails": {"j": {}}},
        {"trails": {"j": [7]}},
        {"trails": {"j": [{"at": "then", "kind": "entered", "cause": {}}]}},
        {"trails": {"j": [{"at": "2026-03-01T00:00:00Z"}]}},
    ],
)
def test_what_cannot_be_read_carries_nothing(data: dict[str, Any]) -> None:
    assert kept_trail(data, "j", at(1)) == []
