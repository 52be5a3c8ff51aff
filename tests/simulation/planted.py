"""Faults planted in our code one at a time: what the simulation must find, or else it only looks as if it looked."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final
from unittest.mock import patch

from domain.facts import Fact
from domain.instants import Instant
from domain.journey.beliefs import Belief, Believing
from domain.journey.carried import Carried, Plain
from domain.refusals import FateUnknown, Unavailable
from event_log import judging
from event_log.acquaintances import Acquaintances
from event_log.connections import LOST, borrowed
from event_log.drafting import Drafted
from event_log.intake import Intake, Requests, Written
from event_log.judging import Outcome, Stored
from event_log.reading import Reading
from event_log.recorder import LogRecorder
from event_log.request_queue import RequestQueue, Waiting
from event_log.writing import QUERIES, End
from projections import kept
from projections.believed import Believed, Change
from projections.kept import Keeping
from tests.simulation import lease_answers, log_answers, row_answers
from tests.simulation.server import Row, Transaction
from tests.simulation.world import SeedFailed, live

Values = lease_answers.Values

_store = Intake.store
_as_plain = Carried.as_plain
_beliefs = Believing.beliefs
_believe = Believed.believe
_head_and_known = log_answers.head_and_known
_insert = log_answers.insert
_judged = judging._judged
_keep = kept.keep
_page_of_partition = Reading.page_of_partition


def _answers_before_the_commit(self: Intake, requests: Requests, begin: Any = list) -> Written:
    try:
        return _store(self, requests, begin)
    except Unavailable:
        sizes = [len(one.drafts) if isinstance(one, Drafted) else 0 for one in requests]
        return Written([Stored(size, 0, 2**40) for size in sizes], sum(sizes), 0.0)


def _begins_whatever_was_answered(self: RequestQueue, group: Sequence[Waiting]) -> list[Any]:
    return [waiting.drafted for waiting in group]


def _knows_no_deadline(self: RequestQueue) -> None:
    return None


def _remembers_versions_for_ever(self: Acquaintances, end: End, hashes: Any) -> dict[bytes, int]:
    return {known: self._versions[known] for known in hashes if known in self._versions}


def _takes_it_for_made(self: LogRecorder, position: int, leaf_hash: bytes) -> bool:
    return True


def _looks_without_the_lock(self: LogRecorder, position: int, leaf_hash: bytes) -> bool:
    try:
        with borrowed(self._pool) as connection:
            asked = {"position": position, "leaf_hash": leaf_hash}
            return connection.execute(QUERIES["is_stored"], asked).fetchone() == (True,)
    except LOST as error:
        raise FateUnknown() from error


def _takes_a_conflict_for_a_repetition(request: Any, taken: Any, fresh: Any) -> Outcome:
    outcome = _judged(request, taken, fresh)
    return outcome if isinstance(outcome, Stored) else Stored(0, len(request), 2**40)


def _knows_no_identity(transaction: Transaction, values: Values) -> list[Row]:
    return _head_and_known(transaction, {"identities": ()})


def _bare_clock(transaction: Transaction, values: Values) -> list[Row]:
    return [(*row[:2], transaction.server.now(), *row[3:]) for row in _head_and_known(transaction, values)]


def _no_lock(transaction: Transaction, values: Values) -> list[Row]:
    return [("",)]


def _lock_without_epoch(transaction: Transaction, values: Values) -> list[Row]:
    partition = values["projection"], values["version"], values["partition"]
    transaction.lock(partition)
    row = lease_answers.row_of(transaction, partition)
    return [(row["position"], row["worked_until"])]


def _nothing(transaction: Transaction, values: Values) -> list[Row]:
    return []


def _skips_the_last(self: Reading, after: int, limit: int, lease: Any) -> Any:
    page = _page_of_partition(self, after, limit, lease)
    return type(page)(page.entries[:-1], page.position, page.recorded_at, page.more) if page.more else page


def _goes_on_after_what_is_late(self: Carried, learned: Sequence[Fact]) -> bool:
    self.ahead = sorted([*self.ahead, *learned], key=lambda fact: fact.order)
    return not self.voids


def _forgets_what_lies_ahead(self: Carried) -> Plain:
    return _as_plain(self) | {"ahead": []}


def _carries_past_the_next_change(self: Believing, learned: Iterable[Fact], until: Instant) -> Iterator[Belief]:
    if self.carried is not None:
        self._passed(until)
    yield from _beliefs(self, learned, until)


def _gives_nothing_up(self: Believed, change: Change) -> None:
    _believe(self, Change(change.since, change.said, whole=False))


def _keeps_what_was_refolded(connection: Any, found: Sequence[Keeping], random_bytes: Any) -> None:
    _keep(connection, [Keeping(one.key, one.version, one.journeys, False) for one in found], random_bytes)


PLANTED: Final[dict[str, tuple[object, str, object]]] = {
    "an answer is given before the commit": (Intake, "store", _answers_before_the_commit),
    "what was given up is stored after all": (RequestQueue, "begin", _begins_whatever_was_answered),
    "nobody watches the deadlines": (RequestQueue, "next_deadline", _knows_no_deadline),
    "what others wrote is not noticed": (Acquaintances, "versions", _remembers_versions_for_ever),
    "a commit in doubt is taken for made": (LogRecorder, "_is_stored", _takes_it_for_made),
    "a commit in doubt is looked for without the lock": (LogRecorder, "_is_stored", _looks_without_the_lock),
    "a conflict is taken for a repetition": (judging, "_judged", _takes_a_conflict_for_a_repetition),
    "nobody looks for duplicates": (log_answers, "head_and_known", _knows_no_identity),
    "two transactions may have one time": (log_answers, "head_and_known", _bare_clock),
    "writers take no lock": (log_answers, "lock", _no_lock),
    "a turn does not look at its epoch": (lease_answers, "lock", _lock_without_epoch),
    "a page loses its last entry": (Reading, "page_of_partition", _skips_the_last),
    "what is due is not worked": (row_answers, "due", _nothing),
    "a kept fold goes on with what is late": (Carried, "learns", _goes_on_after_what_is_late),
    "a kept fold forgets what lies ahead": (Carried, "as_plain", _forgets_what_lies_ahead),
    "a belief is carried past the next change": (Believing, "beliefs", _carries_past_the_next_change),
    "what a later belief lacks is not given up": (Believed, "believe", _gives_nothing_up),
    "what was kept stays after a refold": (kept, "keep", _keeps_what_was_refolded),
}
"""By what it does: where it is planted, over which name, and what stands there instead."""

RARE: Final = frozenset(
    {
        "a commit in doubt is looked for without the lock",
        "two transactions may have one time",
        "a turn does not look at its epoch",
        "what was given up is stored after all",
    }
)
"""What takes a coincidence to be felt: tens of seeds."""


def planted(fault: str) -> AbstractContextManager[Any]:
    where, name, instead = PLANTED[fault]
    return patch.object(where, name, instead)


def found_after(fault: str, seeds: int) -> int | None:
    """How many seeds it takes to find a planted fault; ``None``: more than these."""
    with planted(fault):
        for seed in range(seeds):
            try:
                live(seed)
            except SeedFailed:
                return seed + 1
    return None
