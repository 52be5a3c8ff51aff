"""What the stored bytes of an entry mean: a fact, open and sealed parts apart, or the publication of a rulebook."""

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from msgspec import DecodeError
from msgspec.json import decode, encode

from domain.facts import ERASED, PUBLIC_FIELDS, Data, Fact
from domain.instants import Instant, instant, rfc_3339
from domain.refusals import EntryDamaged, Refusal
from domain.strict_json import canonical
from event_log.entry import FACT, PUBLICATION, Entry
from event_log.sealing import CustomerKey

State = dict[str, Any]
"""A parsed state; of a fact, ``box`` is already opened, and absent when the customer was erased."""

NEWEST: Final[Mapping[str, int]] = {FACT: 1, PUBLICATION: 1}
"""The topics there are, each with the version its state is written in today. Any other topic is refused."""

UPCASTS: Final[Mapping[tuple[str, int], Callable[[State], State]]] = {}
"""(topic, version) -> the state as the next version would have written it."""

_NOTHING_PUBLIC: Final[frozenset[str]] = frozenset()
_NESTED: Final = (list, dict)


@dataclass(frozen=True, slots=True)
class SealedFact:
    """A fact of an erased customer: only what was public about it can still be read."""

    position: int
    type: str
    occurred_at: Instant
    recorded_at: Instant
    data: Data


@dataclass(frozen=True, slots=True)
class Publication:
    """A version of a journey's rulebook as it was published; ``effective_from`` None = in force since always.

    ``published_at`` and ``position`` are given by the log; ``key`` is the idempotency key it was sent under, if any.
    """

    journey: str
    version: int
    document: str
    hash: str
    effective_from: Instant | None
    because: str
    by: str
    published_at: Instant
    position: int
    key: str | None = None


@dataclass(frozen=True, slots=True)
class FactBytes:
    """A fact as JSON, before sealing: ``public`` stays readable, ``personal`` goes into the box."""

    public: bytes
    personal: bytes

    @property
    def size(self) -> int:
        return len(self.public) + len(self.personal)

    def sealed(self, key: CustomerKey, event_id: UUID, nonce: bytes) -> bytes:
        """The state that is stored: canonical JSON ``{"box", "open", "v"}``."""
        box = b64encode(key.seal(event_id, self.personal, nonce))
        return b'{"box":"' + box + b'","open":' + self.public + b',"v":1}'


def fact_bytes(fact: Fact) -> FactBytes:
    """Part what may be read by anyone from what is personal."""
    public, encoded = _public_part(fact)
    data = {name: value for name, value in fact.data.items() if name not in public} if public else fact.data
    personal = {
        "data": data,
        "extensions": fact.extensions,
        "id": fact.id,
        "sequence": fact.sequence,
        "source": fact.source,
    }
    return FactBytes(encoded, canonical(personal))


def open_fact(entry: Entry, key: CustomerKey | None) -> Fact | SealedFact:
    """The fact of an entry, or what is left of it without a key. Raises ``EntryDamaged``."""
    state = parsed(entry, FACT)
    try:
        if key is not None:
            state["box"] = decode(key.open(entry.event_id, b64decode(state["box"], validate=True)))
        else:
            del state["box"]
        state = _upcast(FACT, state)
        if key is None:
            return SealedFact(entry.position, entry.fact_type, entry.occurred_at, entry.recorded_at, state["open"])
        personal = state["box"]
        return Fact(
            personal["source"],
            personal["id"],
            entry.fact_type,
            key.subject,
            entry.occurred_at,
            personal["sequence"],
            {**state["open"], **personal["data"]},
            personal["extensions"],
            entry.recorded_at,
            entry.position,
        )
    except (KeyError, TypeError, ValueError, DecodeError) as error:
        raise EntryDamaged(f"Position {entry.position}: {error!r}.") from None
    except EntryDamaged as refusal:
        raise EntryDamaged(f"Position {entry.position}. {refusal.detail}") from None


def publication_state(draft: Publication) -> bytes:
    """Canonical JSON of a publication, less what the log gives it."""
    return canonical(
        {
            "because": draft.because,
            "by": draft.by,
            "document": draft.document,
            "effective_from": None if draft.effective_from is None else rfc_3339(draft.effective_from),
            "hash": draft.hash,
            "journey": draft.journey,
            "v": 1,
            "version": draft.version,
            **({} if draft.key is None else {"key": draft.key}),
        }
    )


def open_publication(entry: Entry) -> Publication:
    """The publication of an entry. Raises ``EntryDamaged``."""
    state = _upcast(PUBLICATION, parsed(entry, PUBLICATION))
    try:
        effective_from = state["effective_from"]
        return Publication(
            journey=state["journey"],
            version=state["version"],
            document=state["document"],
            hash=state["hash"],
            effective_from=None if effective_from is None else instant(effective_from),
            because=state["because"],
            by=state["by"],
            published_at=entry.recorded_at,
            position=entry.position,
            key=state.get("key"),
        )
    except (KeyError, TypeError, Refusal) as error:
        raise EntryDamaged(f"Position {entry.position}: {error!r}.") from None


def parsed(entry: Entry, topic: str) -> State:
    """The state as JSON. A topic is compared, never resolved: no stored name can make this process import anything."""
    if entry.topic != topic:
        raise EntryDamaged(f"Position {entry.position} has the topic {entry.topic[:80]!r}, not {topic!r}.")
    try:
        state = decode(entry.state)
        version = state["v"]
    except (DecodeError, KeyError, TypeError):
        raise EntryDamaged(f"Position {entry.position} holds no state.") from None
    if version not in range(1, NEWEST[topic] + 1):
        raise EntryDamaged(f"Position {entry.position} was written by a newer release, in version {version!r}.")
    return dict(state)


def _upcast(topic: str, state: State) -> State:
    while state["v"] < NEWEST[topic]:
        state = {**UPCASTS[topic, state["v"]](state), "v": state["v"] + 1}
    return state


def _public_part(fact: Fact) -> tuple[Data, bytes]:
    """The public fields, also as JSON; none where they name the customer. Lists and objects are personal.

    Only an erasure carries the trail in the open: it is all that is left of her.
    """
    names = PUBLIC_FIELDS.get(fact.type, _NOTHING_PUBLIC)
    sealed = () if fact.type == ERASED else _NESTED
    public = {name: value for name, value in fact.data.items() if name in names and not isinstance(value, sealed)}
    if not public:
        return public, b"{}"
    encoded = canonical(public)
    if fact.customer.encode() in encoded or encode(fact.customer)[1:-1] in encoded:
        return {}, b"{}"
    return public, encoded
