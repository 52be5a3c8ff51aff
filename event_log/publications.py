"""Publications of rulebooks: entries of the same log, one stream per journey, decided on under the writers' lock."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID, uuid5

from domain.instants import Instant
from domain.refusals import TooLarge
from event_log.connections import Pool, reading
from event_log.drafting import NewId
from event_log.entry import PUBLICATION
from event_log.recorder import LogRecorder
from event_log.state import Publication, open_publication, publication_state
from event_log.writing import Line, Writing, stream

Decide = Callable[[Sequence[Publication], Instant], Publication]
"""The versions there are (by number) and the present instant -> the version to publish, or a refusal raised."""

LARGEST_DOCUMENT: Final = 256 * 1024
"""Bytes of a publication as JSON."""

_JOURNEYS: Final = UUID("5d9f4a39-6a1e-4e43-9d0f-2f6f1c3f8b52")


class Publications:
    """``new_id`` gives the random numbers of entries."""

    def __init__(self, pool: Pool, recorder: LogRecorder, new_id: NewId) -> None:
        self._pool = pool
        self._recorder = recorder
        self._new_id = new_id

    def publish(self, journey: str, decide: Decide) -> Publication:
        """Append what ``decide`` makes of the versions there are; it runs while nothing can come between.

        The log gives ``version`` (the next), ``published_at`` and ``position``; what ``decide`` puts there is ignored.
        It may be asked twice. Raises what ``decide`` raises, ``TooLarge``, ``StoreAway`` and ``FateUnknown``.
        """

        def work(writing: Writing) -> Publication:
            present = [open_publication(entry) for entry in writing.stream(_number(journey))]
            decided = replace(
                decide(present, writing.now),
                journey=journey,
                version=len(present) + 1,
                published_at=writing.now,
                position=writing.head + 1,
            )
            writing.insert([self._line(decided)], {})
            return decided

        return self._recorder.write((), work)

    def of(self, journey: str, position: int | None = None) -> list[Publication]:
        """The versions of a journey's rulebook by number, up to a position of the log; none for an unknown journey."""
        with reading(self._pool) as connection, connection.cursor() as cursor:
            entries = stream(cursor, _number(journey))
        return [open_publication(entry) for entry in entries if position is None or entry.position <= position]

    def _line(self, publication: Publication) -> Line:
        state = publication_state(publication)
        if len(state) > LARGEST_DOCUMENT:
            raise TooLarge(f"A rulebook has at most {LARGEST_DOCUMENT} bytes.")
        return Line(
            originator=_number(publication.journey),
            version=publication.version,
            topic=PUBLICATION,
            state=state,
            position=publication.position,
            event_id=self._new_id(),
            fact_type="",
            occurred_at=publication.published_at,
        )


def _number(journey: str) -> UUID:
    """A journey's originator number. Unlike a customer's it is derived: a journey's name is nothing personal."""
    return uuid5(_JOURNEYS, journey)
