"""Where one customer stands, by all that is known now: one statement, and a fold that goes on from a kept one."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from domain.facts import Fact
from domain.instants import Instant
from domain.journey.carried import Carried, carried
from domain.journey.fold import JourneyFold
from domain.journey.in_force import Version
from domain.journey.steps import Standing
from domain.refusals import UnknownCustomer, UnknownJourney
from event_log.connections import Pool, reading
from event_log.entry import Entry
from event_log.named_sql import named_queries
from event_log.published import Newest, Published
from event_log.sealing import CustomerKey, MasterKey
from event_log.state import open_fact
from projections.kept import opened

_QUERIES: Final = named_queries(Path(__file__).with_suffix(".sql"))


@dataclass(frozen=True, slots=True)
class Stands:
    """``position`` is where the log ended and ``now`` the present instant when this was so."""

    standing: Standing
    as_of: Instant
    now: Instant
    position: int


@dataclass(frozen=True, slots=True)
class _Start:
    """A fold kept of her, sealed: what happened up to and including ``after``, of her entries up to ``version``."""

    after: Instant
    version: int
    box: bytes


@dataclass(frozen=True, slots=True)
class _Found:
    """``lacking`` are the entries that the start lacks, or all of hers without one. Who was erased has no ``key``."""

    now: Instant
    position: int
    newest: Newest
    key: CustomerKey | None
    start: _Start | None
    lacking: Sequence[Entry]


class StandingNow:
    """Answers for whoever may see everybody."""

    def __init__(self, pool: Pool, master: MasterKey, published: Published) -> None:
        self._pool = pool
        self._master = master
        self._published = published

    def at(self, subject: str, journey: str, as_of: Instant | None = None) -> Stands | None:
        """As of an instant, default now. ``None`` where all that is known of her must be read: of voids and of what is
        late, under a rulebook just published, of who is erased.

        Raises ``UnknownCustomer``, ``UnknownJourney``, ``EntryDamaged``, ``StoreAway``.
        """
        found = self._found(subject, as_of)
        versions = self._published.versions(found.newest).get(journey)
        if versions is None:
            raise UnknownJourney()
        as_of = found.now if as_of is None else as_of
        standing = None if found.key is None else _standing(found, found.key, journey, versions, as_of)
        return None if standing is None else Stands(standing, as_of, found.now, found.position)

    def _found(self, subject: str, as_of: Instant | None) -> _Found:
        """Raises ``UnknownCustomer``."""
        asked = {"subject": self._master.subject_hash(subject), "as_of": as_of}
        with reading(self._pool) as connection, connection.cursor(binary=True) as cursor:
            # In one round trip, and so in one transaction.
            with connection.pipeline():
                connection.execute(_QUERIES["by_the_indexes"])
                cursor.execute(_QUERIES["standing"], asked, prepare=True)
            row = cursor.fetchone()
        assert row is not None
        now, position, newest, newest_id, number, named, key_id, wrapped, after, version, box, *lacking = row
        if number is None:
            raise UnknownCustomer()
        return _Found(
            now,
            position,
            None if newest is None else (newest, newest_id),
            None if key_id is None else self._master.unwrap(number, named, key_id, wrapped),
            None if box is None else _Start(after, version, box),
            [] if lacking[0] is None else [Entry(*columns) for columns in zip(*lacking, strict=True)],
        )


def _standing(
    found: _Found, key: CustomerKey, journey: str, versions: Sequence[Version], as_of: Instant
) -> Standing | None:
    """``None`` where going on would not give what all facts together give."""
    start = _start(found, key, journey, versions)
    lacking = [fact for entry in found.lacking if isinstance(fact := open_fact(entry, key), Fact)]
    if start is None or not start.learns(lacking):
        return None
    for fact in start.ahead:
        if fact.occurred_at <= as_of:
            start.fold.take(fact)
    return start.fold.up_to(as_of).standing


def _start(found: _Found, key: CustomerKey, journey: str, versions: Sequence[Version]) -> Carried | None:
    """Without anything kept the very beginning; ``None`` where what was kept is of other versions or damaged."""
    if found.start is None:
        return Carried(JourneyFold(versions), tuple(versions), since=0, ahead=[])
    kept = opened(key, found.start.after, found.start.version, found.start.box)
    state = None if kept is None else kept.states.get(journey)
    return None if state is None else carried(state, key.subject, versions)
