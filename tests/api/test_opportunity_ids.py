"""The ids of opportunities: what goes in comes out, and nothing else is one."""

from urllib.parse import quote
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from api.opportunity_ids import digest_of, opportunity_id, parts_of
from domain.instants import EARLIEST, LATEST
from domain.refusals import UnknownOpportunity


@given(st.uuids(), st.text(), st.text(), st.integers(EARLIEST, LATEST))
def test_an_id_says_what_it_was_made_of(number: UUID, journey: str, rule: str, opened_at: int) -> None:
    id = opportunity_id(number, journey, rule, opened_at)
    assert parts_of(id) == (number, opened_at, digest_of(journey, rule))
    assert quote(id, safe="") == id


@given(st.one_of(st.text(), st.text("AQgw-_", min_size=43, max_size=43)))
def test_what_is_no_id_is_unknown(text: str) -> None:
    try:
        parts = parts_of(text)
    except UnknownOpportunity:
        return
    assert len(text) == 43
    assert parts.opened_at in range(EARLIEST, LATEST + 1)


def test_journey_and_rule_are_kept_apart() -> None:
    assert digest_of("ab", "c") != digest_of("a", "bc")
