"""Replay of customers: our fold, our whole way from the log, and the library's repository with its stock aggregate."""

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any, Final
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from psycopg.conninfo import conninfo_to_dict

from bench.measured import Measured, ratio
from bench.workbench import History, Workbench
from domain.history import in_fold_order
from domain.instants import Instant, instant
from domain.journey.fold import fold
from domain.journey.in_force import Version, version
from domain.rulebook.reader import rulebook
from event_log.judging import Stored
from event_log.log import EventLog

CUSTOMERS: Final = 120
ROUNDS: Final = 5
AS_OF: Final = instant("2018-01-01T00:00:00Z")


class Household(Aggregate):
    """The library's aggregate as its tutorial writes one; what happens at each event is as little as can be."""

    def __init__(self) -> None:
        self.facts = 0

    @event("Recorded")
    def record(self, source: str, id: str, type: str, occurred_at: str, data: dict[str, Any]) -> None:
        self.facts += 1


def measure_replay(bench: Workbench, say: Callable[[str], None]) -> list[Measured]:
    say("replay: storing the same customers in the log and in the library's tables")
    versions = [version(rulebook(bench.rulebook))]
    histories = bench.histories(CUSTOMERS)
    library = stock_library(bench.fresh_database())
    households = [recorded(library, history) for history in histories]
    folded: list[float] = []
    restored: list[float] = []
    replayed: list[float] = []
    with bench.service(bench.fresh_database()) as service:
        for history in histories:
            (outcome,) = service.log.intake.append([history])
            assert isinstance(outcome, Stored), outcome
        for turn in range(1, ROUNDS + 1):
            say(f"fold against the library's replay, {turn} of {ROUNDS}")
            folded.append(fold_rate(histories, versions, AS_OF))
            replayed.append(library_rate(library, households))
            restored.append(_restore_rate(service.log, histories, versions))
    library.close()
    ours = Measured("fold_facts_per_s", "fold under the sample's rulebook, facts in memory", "facts/s", folded)
    whole = Measured("restore_facts_per_s", "read from the log, open, fold", "facts/s", restored)
    theirs = Measured("library_events_per_s", "Repository.get, stock aggregate, JSON, Postgres", "events/s", replayed)
    return [
        ours,
        theirs,
        ratio("fold_vs_library", "fold / library", ours, theirs),
        whole,
        ratio("restore_vs_library", "whole way / library", whole, theirs),
    ]


def fold_rate(histories: Sequence[History], versions: Sequence[Version], as_of: Instant) -> float:
    """Facts a second of the reference, in memory."""
    begun = perf_counter()
    for history in histories:
        fold(in_fold_order(history, as_of), versions, as_of)
    return _total(histories) / (perf_counter() - begun)


def _restore_rate(log: EventLog, histories: Sequence[History], versions: Sequence[Version]) -> float:
    begun = perf_counter()
    for history in histories:
        known = log.reading.customer(history[0].customer)
        fold(in_fold_order(known.facts, AS_OF), versions, AS_OF)
    return _total(histories) / (perf_counter() - begun)


def stock_library(conninfo: str) -> Application[UUID]:
    """The library's application on Postgres, as it comes: its recorder, its tables, its JSON."""
    at = conninfo_to_dict(conninfo)
    return Application(
        {
            "PERSISTENCE_MODULE": "eventsourcing.postgres",
            "POSTGRES_DBNAME": str(at["dbname"]),
            "POSTGRES_HOST": str(at["host"]),
            "POSTGRES_PORT": str(at["port"]),
            "POSTGRES_USER": str(at["user"]),
            "POSTGRES_PASSWORD": str(at["password"]),
        }
    )


def recorded(library: Application[UUID], history: History) -> UUID:
    """As many events as the customer has facts: the first of them is the aggregate's creation."""
    household = Household()
    for fact in history[1:]:
        household.record(fact.source, fact.id, fact.type, str(fact.occurred_at), dict(fact.data))
    library.save(household)
    return household.id


def library_rate(library: Application[UUID], households: Sequence[UUID]) -> float:
    """Events a second of the library's replay."""
    begun = perf_counter()
    events = sum(_version_of(library, household) for household in households)
    return events / (perf_counter() - begun)


def _version_of(library: Application[UUID], household: UUID) -> int:
    found: Household = library.repository.get(household)
    return found.version


def _total(histories: Sequence[History]) -> int:
    return sum(map(len, histories))
