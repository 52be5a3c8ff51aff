"""Facts made ready before the lock: hashed, and sealed under the key their customer has at that moment."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from domain.facts import Fact
from domain.strict_json import canonical
from event_log.keys import Holder
from event_log.sealing import NONCE, CustomerKey, MasterKey, RandomBytes
from event_log.state import FactBytes

NewId = Callable[[], UUID]

Keys = dict[bytes, CustomerKey | None]
"""By the keyed hash of the subject; None = the customer was erased."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A fact ready to be stored. Without ``key`` its customer was erased, and there is nothing to store."""

    fact: Fact
    parts: FactBytes
    subject_hash: bytes
    identity_hash: bytes
    event_id: UUID
    key: CustomerKey | None = None
    content_hash: bytes = b""
    state: bytes = b""


class Drafting:
    """``new_id`` gives the random numbers of customers, keys and entries."""

    def __init__(self, master: MasterKey, new_id: NewId, random_bytes: RandomBytes) -> None:
        self._master = master
        self._new_id = new_id
        self._random_bytes = random_bytes

    def subject_hashes(self, subjects: set[str]) -> dict[str, bytes]:
        return {subject: self._master.subject_hash(subject) for subject in subjects}

    def keys(self, hashes: Mapping[str, bytes], known: Mapping[bytes, Holder]) -> Keys:
        """The keys of these customers; a new one gets a number and a key, idle if none of the facts is taken."""
        return {
            hashed: known[hashed].key(self._master) if hashed in known else self._newcomer(subject)
            for subject, hashed in hashes.items()
        }

    def present(self, keys: Keys, before: Mapping[bytes, Holder], now: Mapping[bytes, Holder]) -> Keys:
        """What has become of ``keys`` under the lock: the customer erased meanwhile, or made by somebody else first."""
        present: Keys = {}
        for hashed, key in keys.items():
            holder = now.get(hashed)
            if holder is None:
                present[hashed] = None if hashed in before else key
            elif key is None or holder.key_id == key.key_id:
                present[hashed] = key
            else:
                present[hashed] = holder.key(self._master)
        return present

    def draft(self, fact: Fact, parts: FactBytes, subject_hash: bytes, key: CustomerKey | None) -> Draft:
        identity_hash = self._master.identity_hash(fact.source, fact.id)
        return self._sealed(fact, parts, subject_hash, identity_hash, self._new_id(), key)

    def under(self, draft: Draft, key: CustomerKey | None) -> Draft:
        """The same draft, sealed anew if the key has changed."""
        if draft.key is key:
            return draft
        return self._sealed(draft.fact, draft.parts, draft.subject_hash, draft.identity_hash, draft.event_id, key)

    def _sealed(
        self,
        fact: Fact,
        parts: FactBytes,
        subject_hash: bytes,
        identity_hash: bytes,
        event_id: UUID,
        key: CustomerKey | None,
    ) -> Draft:
        if key is None:
            return Draft(fact, parts, subject_hash, identity_hash, event_id)
        state = parts.sealed(key, event_id, self._random_bytes(NONCE))
        content_hash = key.content_hash(canonical(fact.content()))
        return Draft(fact, parts, subject_hash, identity_hash, event_id, key, content_hash, state)

    def _newcomer(self, subject: str) -> CustomerKey:
        return self._master.new_customer(subject, self._new_id(), self._new_id(), self._random_bytes)
