"""Asking for a backtest: what was sent is understood, or each fault named, before anything waits for a runner."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, TypeVar
from uuid import uuid4

from api.kept_backtests import KeptBacktest, Wanted
from api.publishing import Draft, candidate_of
from api.wiring import Service
from backtest.question import Outcome, Question, question_of
from backtest.varying import Vary
from domain.instants import LATEST, Duration, Instant, duration, instant, rfc_3339
from domain.refusals import Fault, NotADuration, NotAnInstant, NotUnderstood, UnknownJourney
from domain.strict_json import canonical, escaped, parse, unfit

_MEMBERS: Final = frozenset({"journey", "candidate", "from", "to", "outcome", "vary"})

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asked:
    """As it came: without ``since`` always, without ``until`` now; outcome and vary are JSON objects or ``None``."""

    journey: object
    text: str
    since: object = None
    until: object = None
    outcome: object = None
    vary: object = None

    @property
    def fingerprint(self) -> bytes:
        """Equal for what is asked alike, and for nothing else."""
        members = (self.journey, self.text, self.since, self.until, self.outcome, self.vary)
        return sha256(canonical(members)).digest()


def asked_of(body: bytes) -> Asked:
    """What the body of a request asks. Raises ``NotJson``, ``NotUnderstood``."""
    asked = parse(body)
    faults = [*unfit(asked)] if isinstance(asked, dict) else [Fault("Send an object.")]
    if not faults:
        faults = [Fault(f"{name} is missing.", f"/{name}") for name in ("journey", "candidate") if name not in asked]
        faults += [Fault("That is not known here.", f"/{escaped(name)}") for name in asked if name not in _MEMBERS]
    if faults:
        raise NotUnderstood(faults=faults)
    document = asked["candidate"]
    text = document if isinstance(document, str) else canonical(document).decode("utf-8")
    return Asked(asked["journey"], text, *(asked.get(name) for name in ("from", "to", "outcome", "vary")))


def understood(asked: Asked, now: Instant) -> Question:
    """Raises ``NotUnderstood`` with every fault, and ``RulebookUnfit`` where the document has an error."""
    reading = _Reading()
    journey = reading.read("/journey", _text, asked.journey)
    since = reading.read("/from", _instant, asked.since)
    until = reading.read("/to", _instant, asked.until)
    outcome = reading.read("/outcome", _outcome, asked.outcome)
    vary = reading.read("/vary", _vary, asked.vary)
    if until is not None and until > now:
        reading.faults.append(Fault(f"That lies ahead; it is {rfc_3339(now)}.", "/to"))
    if reading.faults or journey is None:
        raise NotUnderstood(faults=reading.faults or [Fault("Name a journey.", "/journey")])
    candidate = candidate_of(journey, Draft(asked.text, ""))
    return question_of(candidate.document, candidate.rulebook, since, now if until is None else until, outcome, vary)


def ask(service: Service, asked: Asked, by: str, key: str | None = None) -> tuple[KeptBacktest, bool]:
    """The backtest that waits now, and whether it is new: the same under the same ``key`` is asked once.

    Raises as ``understood``, ``UnknownJourney``, ``BacktestsWaiting``, ``AnotherBacktestAsked``.
    """
    question = understood(asked, service.log.reading.now())
    if not service.log.publications.of(question.journey):
        raise UnknownJourney()
    return service.backtests.ask(wanted(asked, question, by), key)


def wanted(asked: Asked, question: Question, by: str) -> Wanted:
    """As it is kept."""
    said = {
        "candidate": question.hash,
        "from": None if question.since is None else rfc_3339(question.since),
        "to": rfc_3339(question.until),
        "outcome": asked.outcome,
        "vary": asked.vary,
    }
    return Wanted(uuid4(), question.journey, said, asked.text, by, asked.fingerprint)


def kept_question(kept: KeptBacktest) -> Question:
    """What was asked, once more."""
    said = kept.asked
    asked = Asked(kept.journey, kept.document, said["from"], said["to"], said["outcome"], said["vary"])
    return understood(asked, LATEST)


class _Reading:
    """Reads one member after the other, and keeps what was wrong."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def read(self, pointer: str, read: Callable[[object], T], value: object) -> T | None:
        """``None`` for what is absent, and for what is no such thing."""
        if value is None:
            return None
        try:
            return read(value)
        except NotUnderstood as refusal:
            faults = refusal.faults or [Fault(str(refusal))]
            self.faults += [Fault(fault.reason, f"{pointer}{fault.pointer}") for fault in faults]
            return None


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise NotUnderstood(faults=[Fault("Send a text that is not empty.")])
    return value


def _instant(value: object) -> Instant:
    return instant(value) if isinstance(value, str) else _no(NotAnInstant())


def _outcome(value: object) -> Outcome:
    members = _members(value, "type", "within")
    reading = _Reading()
    type = reading.read("/type", _text, members["type"])
    within = reading.read("/within", _duration, members["within"])
    if type is None or within is None:
        raise NotUnderstood(faults=reading.faults)
    return Outcome(type, within)


def _duration(value: object) -> Duration:
    return duration(value) if isinstance(value, str) else _no(NotADuration())


def _vary(value: object) -> Vary:
    members = _members(value, "path", "values")
    if not isinstance(members["values"], list):
        raise NotUnderstood(faults=[Fault("Send a list of values.", "/values")])
    reading = _Reading()
    path = reading.read("/path", _text, members["path"])
    if path is None:
        raise NotUnderstood(faults=reading.faults)
    return Vary(path, tuple(members["values"]))


def _members(value: object, *names: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise NotUnderstood(faults=[Fault(f"Send an object with {' and '.join(names)}.")])
    faults = [Fault(f"{name} is missing.", f"/{name}") for name in names if value.get(name) is None]
    faults += [Fault("That is not known here.", f"/{escaped(name)}") for name in value if name not in names]
    if faults:
        raise NotUnderstood(faults=faults)
    return value


def _no(refusal: NotUnderstood) -> Any:
    raise refusal
