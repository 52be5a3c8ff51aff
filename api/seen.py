"""The query layer: every route gets the service as its actor sees it, a seller's with own customers only."""

from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Depends, Request

from api.access import Actor, Declaration, Permission, authenticated
from api.wiring import Service
from domain.history import in_fold_order
from domain.journey.seller import seller_of
from domain.refusals import UnknownCustomer
from event_log.connections import Pool
from event_log.log import EventLog
from event_log.reading import CustomerFacts, Reading
from event_log.recorder import LogRecorder


@dataclass(frozen=True, slots=True)
class Seen(Declaration):
    """Whoever has the permission, each with what they may see."""

    permission: Permission

    async def __call__(self, request: Request, actor: Annotated[Actor, Depends(authenticated)]) -> Service:
        actor.require(self.permission)
        return as_seen_by(actor, request.app.state.service)


def seen(permission: Permission) -> Seen:
    """A dependency that gives a route the service as its actor sees it, and lets nobody else through."""
    return Seen(permission)


SeenCustomers = Annotated[Service, Depends(seen("read_customers"))]


def as_seen_by(actor: Actor, service: Service) -> Service:
    """For a seller the database shows rows of own customers only; for everybody else it is the service itself."""
    if actor.role != "seller":
        return service
    # A seller's key has a staff id; without one nobody would be theirs.
    pool = service.pool.seen_by(actor.staff or "")
    return replace(service, pool=pool, log=replace(service.log, reading=OwnCustomers(service.log, pool)))


class OwnCustomers(Reading):
    """The log as a seller reads it. Another seller's customer is as unknown as one that never was."""

    def __init__(self, log: EventLog, pool: Pool) -> None:
        super().__init__(pool, LogRecorder(pool), log.master)
        self._seller = pool.seller

    def customer(self, subject: str, position: int | None = None) -> CustomerFacts:
        """Whose she is now is asked of the facts themselves: the rows, by which the database judges, lag a little."""
        whole = super().customer(subject)
        known = whole if position is None else whole.up_to(position)
        if seller_of(in_fold_order(whole.facts, self.now())) != self._seller or not (known.facts or known.sealed):
            raise UnknownCustomer()
        return known
