"""Every "no" of the product, in one tree. The docstring of a class is the sentence a person reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in what was sent: where (a JSON pointer, a line, an item's index), and why in a sentence."""

    reason: str
    pointer: str = ""
    line: int | None = None
    column: int | None = None
    index: int | None = None
    severity: str = "error"
    position: int | None = None

    def __str__(self) -> str:
        place = [f"line {self.line}"] if self.line is not None else []
        place += [f"column {self.column}"] if self.column is not None else []
        place += [f"item {self.index}"] if self.index is not None else []
        place += [self.pointer] if self.pointer else []
        return ", ".join(place) + (": " if place else "") + self.reason


class Refusal(Exception):
    """That cannot be done."""

    def __init__(
        self, detail: str = "", faults: Sequence[Fault] = (), present: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(" ".join(part for part in (self.sentence(), detail) if part))
        self.detail = detail
        self.faults = tuple(faults)
        self.present = dict(present or {})
        """What is so instead, by name and as JSON, for who must now decide anew."""

    @classmethod
    def sentence(cls) -> str:
        """The docstring as one line."""
        return " ".join((cls.__doc__ or "").split())


class NotUnderstood(Refusal):
    """What was sent cannot be read."""


class NotAnInstant(NotUnderstood):
    """A time is written as RFC 3339 with an offset, for example 2026-03-01T12:30:05Z."""


class NotADuration(NotUnderstood):
    """A duration is a whole number of s, m, h, d or w (14d), or ISO 8601 without months and years, up to 100 years."""


class NotJson(NotUnderstood):
    """This is not well-formed JSON."""


class FactsUnfit(NotUnderstood):
    """Some facts cannot be stored; nothing was."""


class RulebookUnfit(NotUnderstood):
    """The rulebook has errors; it was not taken."""


class NoSuchStage(NotUnderstood):
    """The rulebook that judges this customer has no such stage."""


class Conflict(Refusal):
    """It contradicts what is already known."""


class FactsConflict(Conflict):
    """Another content is already stored under the same source and id; nothing of this request was stored."""


class OffTheJourney(Conflict):
    """The customer is not on this journey."""


class StageChanged(Conflict):
    """The customer is not in the stage this was decided on."""


class MoveNotAllowed(Conflict):
    """The rulebook does not let people make this move."""


class NotOpen(Conflict):
    """This opportunity is not open any more."""


class VoidOfVoid(Conflict):
    """A void cannot be voided; send the fact again under another id."""


class AlreadyVoided(Conflict):
    """This fact is voided already; a second void would change nothing."""


class AnotherPublished(Conflict):
    """Something else was published under this Idempotency-Key; nothing was published now."""


class AnotherBacktestAsked(Conflict):
    """Another backtest was asked for under this Idempotency-Key; none was begun now."""


class BacktestsWaiting(Conflict):
    """So many backtests wait already; try again when one of them has ended, or cancel one."""


class NotComparable(Conflict):
    """Two backtests can be compared when both are done and of one journey."""


class Unknown(Refusal):
    """There is nothing of that name."""


class UnknownCustomer(Unknown):
    """No customer of that name is known."""


class UnknownJourney(Unknown):
    """No journey of that name has a published rulebook."""


class UnknownRulebook(Unknown):
    """That journey has no rulebook of that number."""


class UnknownStage(Unknown):
    """That journey has no stage of that name."""


class UnknownOpportunity(Unknown):
    """There is no opportunity of that id."""


class UnknownTag(Unknown):
    """That customer never had that tag on this journey."""


class OpportunityNeverOpen(Unknown):
    """That opportunity was never open for that customer on this journey."""


class UnknownProjection(Unknown):
    """There is no projection of that name."""


class NothingParked(Unknown):
    """No customer is parked at that position."""


class UnknownBacktest(Unknown):
    """There is no backtest of that id; of those that ended the newest hundred are kept."""


class UnknownPosition(Unknown):
    """No fact stands at that position."""


class AheadOfNow(NotUnderstood):
    """What will be known later cannot be asked for: known_at lies ahead of now."""


class Unavailable(Refusal):
    """The service cannot answer at the moment; try again shortly."""


class NotCaughtUp(Unavailable):
    """The projections have not reached that position yet; try again shortly."""


class ArchiveDamaged(Unavailable):
    """A file of the archive is missing or damaged; the next keeping makes it anew, or `trailbook archive rebuild`."""


class ArchiveBusy(Unavailable):
    """Another process keeps the archive at this moment; try again shortly."""


class ArchiveDiffers(Refusal):
    """The archive does not say what the log says; `trailbook archive rebuild` makes it anew."""


class StoreAway(Unavailable):
    """The database does not answer; nothing was stored. Try again shortly."""


class StoreBusy(Unavailable):
    """Too much waits to be stored, or the database is slow; nothing of this was stored. Try again shortly."""


class LogWentBack(StoreAway):
    """This database lacks facts that were acknowledged; nothing is read from it or stored. An operator must look."""


class SellersShutOut(Unavailable):
    """No seller is let in: this database lacks the role trailbook_seller, or our login is no member of it."""


class FateUnknown(Unavailable):
    """Storing took too long, or the connection was lost; send the same again to learn whether it was stored."""


class CustomerErased(Refusal):
    """This customer was erased; nothing more is stored about them."""


class TooLarge(NotUnderstood):
    """That is more than is stored at once."""


class PortTaken(Refusal):
    """Something else listens on that port; choose another with PORT, for example: PORT=9000 make run."""


class WrongMasterKey(Refusal):
    """This log was begun under another master key; start with that key, or with another database."""


class EntryDamaged(Refusal):
    """An entry of the log cannot be opened: its bytes are not those that were written there."""


class UnsafeStore(Refusal):
    """The settings ask for a way of writing that loses or reorders facts."""
