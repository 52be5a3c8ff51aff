"""From a message as Segment's clients send it to a fact, or to the list of what is wrong with it.

The table is in `docs/how-to/api-clients.md`. Nothing that a client writes anew when it sends again, such as `sentAt`,
enters the fact: the same message is the same fact.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from domain.envelope import read_fact
from domain.facts import Fact
from domain.instants import Instant
from domain.refusals import Fault
from domain.strict_json import fits, unfit

KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "track": ("event",),
    "identify": (),
    "page": (),
    "screen": (),
    "group": ("groupId",),
    "alias": ("previousId",),
}
"""The kinds of message, each with the texts that it alone cannot do without."""

_TYPES: Final[Mapping[str, str]] = {
    "identify": "profile.changed",
    "page": "page.viewed",
    "screen": "screen.viewed",
    "group": "account.identified",
    "alias": "identity.linked",
}
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {"page": ("name", "category"), "screen": ("name", "category")}
"""What is said beside the properties and belongs to them."""

Message = Mapping[str, Any]


def read_message(message: Any, source: str, latest: Instant, kind: str | None = None) -> Fact | list[Fault]:
    """Read a parsed message; ``kind`` is what the address says, ``None`` in a batch, where each says it as `type`.

    Returns the fact, or every fault with its JSON pointer into the message.
    """
    if not isinstance(message, dict):
        return [Fault("A message is a JSON object.")]
    # These clients write null where there is nothing to say.
    said = {name: value for name, value in message.items() if value is not None}
    named = said.get("type", kind)
    if not isinstance(named, str) or named not in KINDS or kind not in (None, named):
        return [Fault(f"type must be {kind or ', '.join(KINDS)}.", "/type")]
    anonymous = named != "alias" and said.get("userId", "") == "" and said.get("anonymousId")
    who = "anonymousId" if anonymous else "userId"
    time = "originalTimestamp" if "timestamp" not in said and "originalTimestamp" in said else "timestamp"
    faults = [*_faults(named, said, ("messageId", who, time, *KINDS[named]))]
    if faults:
        return faults
    read = read_fact(_event(named, said, source, who, time), latest=latest)
    # All but the time was looked at above, under the names that the client knows.
    return read if isinstance(read, Fact) else [replace(fault, pointer=f"/{time}") for fault in read]


def _faults(kind: str, said: Message, needed: tuple[str, ...]) -> Iterator[Fault]:
    for name in dict.fromkeys((*needed, "anonymousId", *_NAMES.get(kind, ()))):
        if name not in said:
            if name in needed:
                yield Fault(f"{name} is missing.", f"/{name}")
        elif not isinstance(said[name], str):
            yield Fault(f"{name} must be a text.", f"/{name}")
        elif name in needed and not said[name]:
            yield Fault(f"{name} must not be empty.", f"/{name}")
        else:
            yield from unfit(said[name], f"/{name}")
    pointer, members = _members(kind, said)
    if not isinstance(members, dict):
        yield Fault(f"{pointer[1:]} must be a JSON object.", pointer)
    elif not fits(members):
        yield from unfit(members, pointer)


def _members(kind: str, said: Message) -> tuple[str, Any]:
    """What was sent along, and where it stands."""
    if kind == "alias":
        return "", {}
    if kind not in ("identify", "group"):
        return "/properties", said.get("properties", {})
    context = said.get("context")
    # RudderStack's clients put the traits of an identify there.
    if "traits" not in said and isinstance(context, dict) and context.get("traits") is not None:
        return "/context/traits", context["traits"]
    return "/traits", said.get("traits", {})


def _event(kind: str, said: Message, source: str, who: str, time: str) -> dict[str, Any]:
    anonymous = said.get("anonymousId") if who == "userId" else None
    return {
        "specversion": "1.0",
        "id": said["messageId"],
        "source": source,
        "type": _TYPES[kind] if kind in _TYPES else said["event"],
        "subject": said[who],
        "time": said[time],
        # Their clocks count milliseconds: of one instant, who she is comes before what she did.
        "sequence": "0" if kind == "identify" else "1",
        "data": _data(kind, said),
        **({"anonymousid": anonymous} if anonymous else {}),
    }


def _data(kind: str, said: Message) -> dict[str, Any]:
    _, members = _members(kind, said)
    if kind == "identify":
        return {"attributes": members}
    if kind == "group":
        return {"account": said["groupId"], "attributes": members}
    if kind == "alias":
        return {"previous": said["previousId"]}
    return {**members, **{name: said[name] for name in _NAMES.get(kind, ()) if name in said}}
