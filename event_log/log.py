"""The log as the wiring builds it: one object with an intake, decisions, publications and a reader."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from domain.refusals import WrongMasterKey
from event_log.connections import Pool, reading
from event_log.deciding import Decisions
from event_log.drafting import Drafting, NewId
from event_log.intake import Intake
from event_log.keys import find_holders
from event_log.named_sql import named_queries
from event_log.publications import Publications
from event_log.published import Published
from event_log.reading import Reading
from event_log.recorder import LogRecorder, refuse_unsafe_settings
from event_log.sealing import MasterKey, RandomBytes

_QUERIES = named_queries(Path(__file__).with_name("reading.sql"))


@dataclass(frozen=True, slots=True)
class EventLog:
    intake: Intake
    decisions: Decisions
    publications: Publications
    published: Published
    reading: Reading
    recorder: LogRecorder
    master: MasterKey


def open_log(
    pool: Pool, master_key: bytes, new_id: NewId, random_bytes: RandomBytes, environment: Mapping[str, str]
) -> EventLog:
    """The log in the database of ``pool``, whose schema is at head. ``master_key`` has 32 bytes.

    ``new_id`` gives random UUIDs, ``random_bytes`` bytes from a cryptographic source, ``environment`` is the process's.
    Raises ``UnsafeStore``, ``WrongMasterKey``, ``StoreAway``.
    """
    refuse_unsafe_settings(environment)
    master = MasterKey(master_key)
    _identify(pool, master)
    recorder = LogRecorder(pool)
    drafting = Drafting(master, new_id, random_bytes)
    log_reading = Reading(pool, recorder, master)
    return EventLog(
        Intake(partial(find_holders, pool), recorder, drafting),
        Decisions(pool, recorder, drafting, log_reading, master),
        Publications(pool, recorder, new_id),
        Published(log_reading),
        log_reading,
        recorder,
        master,
    )


def _identify(pool: Pool, master: MasterKey) -> None:
    with reading(pool) as connection:
        connection.execute(_QUERIES["begin_identity"], {"fingerprint": master.fingerprint})
        begun_under = connection.execute(_QUERIES["identity"]).fetchone()
    if begun_under != (master.fingerprint,):
        raise WrongMasterKey()
