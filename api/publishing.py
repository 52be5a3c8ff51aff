"""Publishing a version of a rulebook: an entry of the log, decided on while nothing can come between."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from zoneinfo import available_timezones

from api.problems import BasedOnAnother
from api.wiring import Service
from domain.instants import Instant, instant, rfc_3339
from domain.journey.in_force import in_order
from domain.refusals import AnotherPublished, Fault, NotUnderstood, RulebookUnfit
from domain.rulebook.document import Document, Rulebook, build
from domain.rulebook.lint import lint
from domain.rulebook.reader import read
from domain.strict_json import canonical, escaped, parse, unfit
from event_log.published import version_of
from event_log.state import Publication

BasedOn = Callable[[Publication | None], bool]
"""Whether the newest version (``None``: there is none yet) is the one a publication was based on."""

_MEMBERS = frozenset({"document", "because", "effective_from", "retroactive"})

FROM_NOW = ""
"""``effective_from`` left out: in force from the publication."""

_NO_TIME = Fault("effective_from is a time, or null for always.", "/effective_from")


@dataclass(frozen=True, slots=True)
class Draft:
    """What is asked to be published; ``effective_from`` is ``None`` for always, ``FROM_NOW``, or RFC 3339."""

    text: str
    because: object
    effective_from: object = FROM_NOW
    retroactive: object = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A document that may be published; ``findings`` are warnings."""

    document: Document
    rulebook: Rulebook
    findings: Sequence[Fault]


def draft_of(body: bytes) -> Draft:
    """The draft in the body of a request. Raises ``NotJson``, ``NotUnderstood``."""
    asked = parse(body)
    faults = [*unfit(asked)] if isinstance(asked, dict) else [Fault("Send an object.")]
    if not faults and "document" not in asked:
        faults = [Fault("document is missing.", "/document")]
    if not faults:
        faults = [Fault("That is not known here.", f"/{escaped(name)}") for name in asked if name not in _MEMBERS]
    if not faults and asked.get("effective_from") == FROM_NOW:
        # Left out is now; an empty text is no time.
        faults = [_NO_TIME]
    if faults:
        raise NotUnderstood(faults=faults)
    document = asked["document"]
    return Draft(
        text=document if isinstance(document, str) else canonical(document).decode("utf-8"),
        because=asked.get("because"),
        effective_from=asked.get("effective_from", FROM_NOW),
        retroactive=asked.get("retroactive", False),
    )


def candidate_of(journey: str, draft: Draft) -> Candidate:
    """Raises ``RulebookUnfit`` where the document has an error or is of another journey."""
    done = read(draft.text)
    findings = lint(done.document, available_timezones(), done.places)
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        raise RulebookUnfit(faults=errors)
    built = build(done.document)
    if built.journey != journey:
        raise RulebookUnfit(faults=[Fault(f"The document is of journey {built.journey}.", "/journey")])
    return Candidate(done.document, built, findings)


def effective_from(draft: Draft, present: Sequence[Publication], now: Instant) -> Instant | None:
    """When a draft comes into force, ``None`` for always, if it is published now. Raises ``NotUnderstood``."""
    since = _since(draft)
    if since is None and present:
        raise NotUnderstood("Only a first version can be in force since always.")
    if isinstance(since, int) and since < now and draft.retroactive is not True:
        raise NotUnderstood('That lies in the past; ask for it by name with "retroactive": true.')
    return now if isinstance(since, str) else since


class _Repeated(Exception):
    """Rolls back what the log would add: the same was published before."""

    def __init__(self, earlier: Publication) -> None:
        super().__init__(earlier)
        self.earlier = earlier


def publish(
    service: Service, journey: str, draft: Draft, by: str, based_on: BasedOn, key: str | None = None
) -> Publication:
    """The version that was made; of a draft sent again under the same ``key`` the one it made the first time.

    Raises ``RulebookUnfit``, ``NotUnderstood``, ``BasedOnAnother``, ``AnotherPublished``, and what the log raises.
    """
    content = canonical(candidate_of(journey, draft).document)
    if not isinstance(draft.because, str) or not draft.because.strip():
        raise NotUnderstood(faults=[Fault("Say why, in a text.", "/because")])
    # Read before the lock is taken: what cannot be understood need not wait for it.
    _since(draft)

    def decide(present: Sequence[Publication], now: Instant) -> Publication:
        for earlier in present:
            if key is not None and earlier.key == key:
                raise _Repeated(earlier)
        if not based_on(present[-1] if present else None):
            raise BasedOnAnother(f"The newest is version {present[-1].version}." if present else "There is none yet.")
        effective = effective_from(draft, present, now)
        hashed = sha256(content).hexdigest()
        return Publication(journey, 0, draft.text, hashed, effective, str(draft.because), by, now, 0, key)

    try:
        return service.log.publications.publish(journey, decide)
    except _Repeated as repeated:
        return _made_by(draft, repeated.earlier)


def made_before(service: Service, journey: str, draft: Draft, key: str | None) -> Publication | None:
    """The version that the same draft made under this key. Raises ``AnotherPublished`` where it was another draft."""
    if key is None:
        return None
    earlier = next((found for found in service.log.publications.of(journey) if found.key == key), None)
    return None if earlier is None else _made_by(draft, earlier)


def _made_by(draft: Draft, earlier: Publication) -> Publication:
    since = _since(draft)
    in_force = earlier.published_at if isinstance(since, str) else since
    if (draft.text, draft.because, in_force) != (earlier.document, earlier.because, earlier.effective_from):
        raise AnotherPublished(f"It is version {earlier.version}.")
    return earlier


def first(newest: Publication | None) -> bool:
    return newest is None


def etag(version: Publication) -> str:
    return f'"{version.version}-{version.hash[:32]}"'


def in_force(versions: Sequence[Publication]) -> dict[int, dict[str, str | None]]:
    """The span each version is in force, by number: ``from`` (null = always) and ``until`` (null = open)."""
    order = in_order(version_of(version) for version in versions)
    since = {version.version: version.effective_from for version in versions}
    following: Sequence[int | None] = [*(later.number for later in order[1:]), None]
    spans: dict[int, dict[str, str | None]] = {}
    for version, after in zip(order, following, strict=False):
        until = None if after is None else since[after]
        spans[version.number] = {"from": _written(since[version.number]), "until": _written(until)}
    return spans


def shown(version: Publication, versions: Sequence[Publication], full: bool) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "version": version.version,
        "hash": version.hash,
        "published_at": rfc_3339(version.published_at),
        "because": version.because,
        "by": version.by,
        "in_force": in_force(versions)[version.version],
        "position": version.position,
    }
    return facts | ({"document": read(version.document).document} if full else {})


def findings_of(text: str) -> Sequence[Fault]:
    """Raises ``RulebookUnfit`` where the document cannot even be read."""
    done = read(text)
    return lint(done.document, available_timezones(), done.places)


def _since(draft: Draft) -> Instant | str | None:
    asked = draft.effective_from
    if asked is None or asked == FROM_NOW:
        return FROM_NOW if asked == FROM_NOW else None
    if not isinstance(asked, str):
        raise NotUnderstood(faults=[_NO_TIME])
    return instant(asked)


def _written(at: Instant | None) -> str | None:
    return None if at is None else rfc_3339(at)
