"""Judging a group of requests against the log is the same as judging them one after the other."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from domain.refusals import CustomerErased, FactsConflict
from event_log.drafting import Draft
from event_log.judging import Outcome, Stored, judge
from event_log.sealing import MasterKey
from event_log.state import fact_bytes
from event_log.writing import Known
from tests.event_log.given import MASTER_KEY, a_fact

KEY = MasterKey(MASTER_KEY).new_customer("c", UUID(int=1), UUID(int=2), lambda count: b"\7" * count)

drafts = st.builds(
    lambda identity, content, erased: Draft(
        a_fact(), fact_bytes(a_fact()), b"", identity, UUID(int=3), None if erased else KEY, content
    ),
    st.sampled_from([b"1", b"2", b"3", b"4"]),
    st.sampled_from([b"a", b"a", b"b"]),
    st.sampled_from([False, False, False, True]),
)
groups = st.lists(st.lists(drafts, max_size=4), max_size=6)


@given(groups)
def test_a_group_is_judged_as_its_requests_one_by_one(group: list[list[Draft]]) -> None:
    together, accepted = judge(group, {}, 10)
    log: dict[bytes, tuple[bytes, int]] = {}
    assert [_naive(request, log, 10) for request in group] == [_plain(outcome) for outcome in together]
    assert [draft.identity_hash for draft in accepted] == list(log)


@given(groups, groups)
def test_what_an_earlier_transaction_stored_counts_like_an_earlier_request(
    first: list[list[Draft]], second: list[list[Draft]]
) -> None:
    outcomes, accepted = judge(first + second, {}, 0)
    earlier, kept = judge(first, {}, 0)
    known = {draft.identity_hash: Known(at, draft.content_hash, KEY.number) for at, draft in enumerate(kept, 1)}
    later, added = judge(second, known, len(kept))
    assert [_plain(outcome) for outcome in earlier + later] == [_plain(outcome) for outcome in outcomes]
    assert kept + added == accepted


def _plain(outcome: Outcome) -> object:
    if isinstance(outcome, Stored):
        return outcome
    return type(outcome), [(fault.index, fault.position) for fault in outcome.faults]


def _naive(request: list[Draft], log: dict[bytes, tuple[bytes, int]], head: int) -> object:
    """The rule as it is told: look each fact up in the log as it would be, then keep that log or throw it away."""
    trial = dict(log)
    conflicts, erased = [], []
    positions = [0]
    for index, draft in enumerate(request):
        if draft.key is None:
            erased.append((index, None))
            continue
        content, position = trial.setdefault(draft.identity_hash, (draft.content_hash, head + len(trial) + 1))
        positions.append(position)
        if content != draft.content_hash:
            conflicts.append((index, position if draft.identity_hash in log else None))
    if conflicts:
        return FactsConflict, conflicts
    if erased:
        return CustomerErased, erased
    accepted = len(trial) - len(log)
    log.update(trial)
    return Stored(accepted, len(request) - accepted, max(positions))
