"""Facts made ready before the lock: hashed, and sealed under the key their customer has at that moment."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from domain.facts import Fact
from domain.refusals import Fault, TooLarge
from domain.strict_json import canonical
from event_log.keys import Holder
from event_log.sealing import NONCE, CustomerKey, MasterKey, RandomBytes, Supply
from event_log.state import FactBytes, fact_bytes

NewId = Callable[[], UUID]

Basis = Literal["remembered", "looked up", "made up"]
"""What a key rests on: what this process remembers, the log as of just now, or nothing, for somebody unknown."""

LARGEST_FACT: Final = 256 * 1024
"""Bytes of one fact as JSON."""
LARGEST_GROUP: Final = 2 * 1024 * 1024
"""Bytes of all facts of one transaction; whoever groups requests keeps below it."""


@dataclass(slots=True)
class Draft:
    """A fact on its way. Without ``key`` it is not sealed: its customer was erased, or is not looked up yet."""

    fact: Fact
    parts: FactBytes
    subject_hash: bytes
    identity_hash: bytes
    event_id: UUID
    key: CustomerKey | None = None
    content_hash: bytes = b""
    state: bytes = b""
    basis: Basis = "remembered"


@dataclass(frozen=True, slots=True)
class Drafted:
    """The drafts of one request in its order, and how many bytes its facts have."""

    drafts: Sequence[Draft]
    size: int


class Drafting:
    """``new_id`` gives the random numbers of customers and their keys."""

    def __init__(self, master: MasterKey, new_id: NewId, random_bytes: RandomBytes) -> None:
        self._master = master
        self._new_id = new_id
        self._random_bytes = random_bytes
        self._supply = Supply(random_bytes)

    def drafted(self, request: Sequence[Fact]) -> Drafted | TooLarge:
        """A request, nothing of it sealed yet; a refusal is a value here."""
        parts = [fact_bytes(fact) for fact in request]
        sizes = [part.size for part in parts]
        large = [
            Fault(f"A fact has at most {LARGEST_FACT} bytes.", index=index)
            for index, size in enumerate(sizes)
            if size > LARGEST_FACT
        ]
        if large:
            return TooLarge(faults=large)
        if sum(sizes) > LARGEST_GROUP:
            return TooLarge(f"One request holds at most {LARGEST_GROUP} bytes.")
        hashes = {subject: self._master.subject_hash(subject) for subject in {fact.customer for fact in request}}
        identity = self._master.identity_hash
        drafts = [
            Draft(fact, part, hashes[fact.customer], identity(fact.source, fact.id), self._event_id())
            for fact, part in zip(request, parts, strict=True)
        ]
        return Drafted(drafts, sum(sizes))

    def newcomer(self, subject: str) -> CustomerKey:
        """A number and a key for somebody unknown; idle if none of the facts is taken."""
        return self._master.new_customer(subject, self._new_id(), self._new_id(), self._random_bytes)

    def key(self, holder: Holder) -> CustomerKey | None:
        return holder.key(self._master)

    def seal(self, drafts: Iterable[Draft], key_of: Callable[[bytes], CustomerKey | None]) -> None:
        """Seal what is not sealed already under the key of its customer, who is told by the hash of the subject."""
        for draft in drafts:
            key = key_of(draft.subject_hash)
            if draft.key is key:
                continue
            draft.key = key
            if key is not None:
                draft.state = draft.parts.sealed(key, draft.event_id, self._supply.take(NONCE))
                draft.content_hash = key.content_hash(canonical(draft.fact.content()))

    def _event_id(self) -> UUID:
        return UUID(bytes=self._supply.take(16), version=4)
