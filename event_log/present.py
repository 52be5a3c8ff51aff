"""Who the customers of a group are, asked under the lock: what was known of them before may have changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from event_log.drafting import Basis, Draft, Drafting
from event_log.keys import Holder
from event_log.sealing import CustomerKey
from event_log.writing import Writing


@dataclass(frozen=True, slots=True)
class Present:
    """By the keyed hash of the subject. Without a key they were erased; without a version they have no entry yet."""

    keys: Mapping[bytes, CustomerKey | None]
    versions: Mapping[bytes, int]
    unknown: frozenset[bytes]
    """Of whom the log knows nothing; they come in with the first of their facts that is taken."""


def present(
    writing: Writing, drafts: Iterable[Draft], versions: Mapping[bytes, int] | None, drafting: Drafting
) -> Present:
    """``versions`` are those that are certain, ``None`` where none is; only who is not among them is looked up."""
    before = {draft.subject_hash: (draft.key, draft.basis) for draft in drafts}
    asked = _doubtful(writing, before, versions)
    holders = writing.holders(asked) if asked else {}
    keys = {one: key for one, (key, _) in before.items()}
    unknown = set()
    for one in sorted(asked - holders.keys()):
        key, basis = before[one]
        if basis == "looked up" or key is None:
            # Erased while the fact was on its way, name and all: it was hers, and does not come back under that name.
            keys[one] = None
        else:
            keys[one] = key if basis == "made up" else drafting.newcomer(key.subject)
            unknown.add(one)
    keys |= {one: _same_or_present(keys[one], holder, drafting) for one, holder in holders.items()}
    found = {one: holder.version for one, holder in holders.items()}
    return Present(keys, {**(versions or {}), **found}, frozenset(unknown))


def _doubtful(
    writing: Writing,
    before: Mapping[bytes, tuple[CustomerKey | None, Basis]],
    versions: Mapping[bytes, int] | None,
) -> set[bytes]:
    if versions is None:
        return set(before)
    certain = {one: key for one, (key, basis) in before.items() if key and one in versions and basis != "made up"}
    return (before.keys() - certain.keys()) | writing.lost(certain)


def _same_or_present(key: CustomerKey | None, holder: Holder, drafting: Drafting) -> CustomerKey | None:
    return key if key is not None and key.key_id == holder.key_id else drafting.key(holder)
