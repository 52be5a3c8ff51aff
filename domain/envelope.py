"""From a CloudEvents 1.0 event in structured mode to a fact, or to the list of what is wrong with it."""

import re
from collections.abc import Iterator
from typing import Any

from domain.facts import Fact
from domain.instants import EARLIEST, Instant, instant
from domain.refusals import Fault, NotAnInstant
from domain.strict_json import escaped, fits, unfit

_REQUIRED = ("id", "source", "type", "subject", "time")
_OURS = frozenset({"recordedat", "position"})
_READ_HERE = frozenset({"specversion", "id", "source", "type", "subject", "time", "sequence", "data"})
_KNOWN = _READ_HERE | _OURS | {"data_base64"}
_EXTENSION = re.compile(r"[a-z0-9]+", re.ASCII)


def read_fact(event: Any, *, latest: Instant | None = None, exported: bool = False) -> Fact | list[Fault]:
    """Check a parsed event; ``latest`` bounds ``time`` (intake), ``exported`` takes ``recordedat`` along (replay).

    Returns the fact, or every fault with its JSON pointer.
    """
    if not isinstance(event, dict):
        return [Fault("A fact is a JSON object.")]
    faults = [] if fits(event) else [*unfit(event)]
    faults += _faults(event, exported)
    occurred_at = EARLIEST
    try:
        if isinstance(event.get("time"), str) and event["time"]:
            occurred_at = instant(event["time"])
    except NotAnInstant as refusal:
        faults.append(Fault(str(refusal), "/time"))
    if faults:
        return faults
    if latest is not None and occurred_at > latest:
        return [Fault("The time lies too far ahead of now.", "/time")]
    recorded_at = None
    if exported:
        recorded_at = instant(event["recordedat"]) if event.get("recordedat") is not None else occurred_at
    return Fact(
        source=event["source"],
        id=event["id"],
        type=event["type"],
        customer=event["subject"],
        occurred_at=occurred_at,
        sequence=event.get("sequence", ""),
        data=event.get("data", {}),
        extensions={name: value for name, value in event.items() if name not in _KNOWN and value is not None},
        recorded_at=recorded_at,
    )


def _faults(event: dict[str, Any], exported: bool) -> Iterator[Fault]:
    if event.get("specversion") != "1.0":
        yield Fault('specversion must be "1.0".', "/specversion")
    for name in _REQUIRED:
        if name not in event:
            yield Fault(f"{name} is missing.", f"/{name}")
        elif not isinstance(event[name], str) or not event[name]:
            yield Fault(f"{name} must be a text that is not empty.", f"/{name}")
    if exported and event.get("recordedat") is not None:
        yield from _time_faults(event, "recordedat")
    if not isinstance(event.get("sequence", ""), str):
        yield Fault("sequence must be a text.", "/sequence")
    if "data_base64" in event:
        yield Fault("data_base64 is not taken; send data as a JSON object.", "/data_base64")
    if not isinstance(event.get("data", {}), dict):
        yield Fault("data must be a JSON object.", "/data")
    for name, value in event.items():
        if name in _KNOWN:
            continue
        if not _EXTENSION.fullmatch(name):
            yield Fault("A CloudEvents attribute has a name of small letters and digits.", f"/{escaped(name)}")
        elif not (value is None or isinstance(value, str | bool | int)):
            yield Fault("A CloudEvents extension is a text, a whole number or true or false.", f"/{name}")


def _time_faults(event: dict[str, Any], name: str) -> Iterator[Fault]:
    value = event.get(name)
    if isinstance(value, str) and value:
        try:
            instant(value)
        except NotAnInstant as refusal:
            yield Fault(str(refusal), f"/{name}")
    else:
        yield Fault(f"{name} must be a text.", f"/{name}")
