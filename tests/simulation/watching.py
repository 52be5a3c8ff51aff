"""What must always hold: at every commit, and between the rows and a fold of the log from zero."""

from collections.abc import Iterator, Sequence
from typing import Any, Final
from uuid import UUID

from domain.facts import Fact
from domain.history import in_fold_order
from domain.instants import DAY, Instant
from domain.journey.beliefs import Belief, beliefs
from domain.journey.carried import carried
from domain.journey.fold import fold
from domain.journey.in_force import Version
from domain.journey.in_force import known as known_then
from domain.journey.seller import seller_of
from event_log.entry import FACT
from event_log.published import versions_by_journey
from event_log.reading import CustomerFacts
from event_log.sealing import CustomerKey, MasterKey
from event_log.state import open_fact, open_publication
from projections.kept import opened
from projections.opportunities import said_of_opportunities
from projections.standing import stay_rows
from projections.trail import said_of_steps
from tests.projections.fresh import fresh_row
from tests.simulation.ledger import Broken, Ledger
from tests.simulation.log_answers import WRITERS
from tests.simulation.row_answers import BELIEVED
from tests.simulation.server import ROWS, Server, Transaction

AHEAD: Final = 10 * DAY
"""So far a fold that was kept is carried on beside one from zero."""


def examine(transaction: Transaction) -> None:
    """Of a transaction that is about to be committed."""
    _examine_log(transaction)
    worked = {key for table, key in transaction.view.changed if table == "tracking" and _is_worked(transaction, key)}
    for table, key in transaction.view.changed:
        if table == "parked":
            raise Broken(f"Somebody was parked: {transaction.view.rows(table, key)}.")
        if table in ROWS and not any(_holds(partition, key, transaction) for partition in worked):
            raise Broken(f"Rows of {table} were written without their partition's position.")


def _examine_log(transaction: Transaction) -> None:
    pending, log = transaction.log.pending(transaction), transaction.log
    entries = [one.entry for one in pending]
    if not entries:
        return
    if WRITERS not in transaction.held:
        raise Broken("Somebody writes without the writers' lock.")
    if [entry.position for entry in entries] != [*range(log.head + 1, log.head + 1 + len(entries))]:
        raise Broken("The positions do not go on without holes.")
    if {entry.recorded_at for entry in entries} != {entries[0].recorded_at} or entries[0].recorded_at <= log.newest:
        raise Broken("A transaction has no time of its own, after all before.")
    identities = [one.identity_hash for one in pending if one.identity_hash is not None]
    if len({*identities}) < len(identities) or not log.of_identity.keys().isdisjoint(identities):
        raise Broken("A fact is stored twice.")
    newest = {entry.originator_id: len(log.streams.get(entry.originator_id, ())) for entry in entries}
    for entry in entries:
        newest[entry.originator_id] += 1
        if entry.originator_version != newest[entry.originator_id]:
            raise Broken("The versions of a customer's entries do not go on without holes.")


def _is_worked(transaction: Transaction, partition: Any) -> bool:
    """Whether its rows moved on, which only who holds it may do, and only onward."""
    before = transaction.view.committed["tracking"][partition][None]
    after = transaction.view.rows("tracking", partition)[None]
    granted = transaction.server.granted
    if after["epoch"] > before["epoch"]:
        granted[partition, after["epoch"]] = after["holder"]
    was, now = ((row["position"], row["worked_until"]) for row in (before, after))
    if was == now:
        return False
    if now[0] < was[0] or now[1] < was[1]:
        raise Broken(f"Partition {partition[2]} went back from {was} to {now}.")
    if now[0] > transaction.log.head:
        raise Broken(f"Partition {partition[2]} is ahead of the log.")
    if granted[partition, before["epoch"]] != transaction.holder:
        raise Broken(f"Partition {partition[2]} was written by one from whom it was taken over.")
    return True


def _holds(partition: Any, customer: Any, transaction: Transaction) -> bool:
    count = len(transaction.view.committed["tracking"])
    return bool(customer.bytes[0] % count == partition[2])


# -- rows against a fold from zero ---------------------------------------------------------------------------------


def compare_rows(server: Server, master: MasterKey) -> None:
    """Every partition with what its tracking says. Raises ``Broken``."""
    tracking = server.tables["tracking"]
    for partition, rows in tracking.items():
        position, until = rows[None]["position"], rows[None]["worked_until"]
        versions = versions_by_journey(_publications(server, position))
        for number, key in _keys(server, master):
            if number.bytes[0] % len(tracking) == partition[2]:  # type: ignore[index]
                _Compared(server, key, _facts(server, key, position), until).compare(versions)


class _Compared:
    """One customer: what her rows say, and what they should."""

    def __init__(self, server: Server, key: CustomerKey, facts: list[Fact], until: Instant) -> None:
        self._server = server
        self._key = key
        self._facts = facts
        self._until = until

    def compare(self, versions: dict[str, list[Version]]) -> None:
        known = {journey: own for journey, own in versions.items() if self._facts}
        standing = {row["journey"]: row for row in self._rows("standing")}
        self._same("journeys", [*sorted(standing)], [*sorted(known)])
        for journey, own in known.items():
            self._compare_journey(journey, own, standing[journey])
        if known:
            staff = seller_of(in_fold_order(self._facts, self._until))
            self._same("seller", [row["staff"] for row in self._rows("sellers")], [staff] if staff is not None else [])
        self._compare_kept(known)

    def _compare_journey(self, journey: str, versions: list[Version], standing: dict[str, Any]) -> None:
        customer = CustomerFacts(self._key.number, self._key.subject, self._facts)
        said = tuple(standing[name] for name in ("stage", "since", "staff", "tags", "next_due"))
        self._same("standing", said, fresh_row(customer, versions, self._until))
        belief: Belief | None = None
        for belief in beliefs(self._facts, versions, self._until):
            self._compare_belief(journey, belief)
        stays = [] if belief is None else [*stay_rows(journey, self._key.number, belief)]
        found = [row | {"customer": self._key.number} for row in self._rows("stays") if row["journey"] == journey]
        self._same("stays", sorted(found, key=_begins), sorted(stays, key=_begins))

    def _compare_belief(self, journey: str, belief: Belief) -> None:
        steps, spells = said_of_steps(belief.folded.steps), said_of_opportunities(belief, journey)
        for table, said in (("trail", steps), ("opportunities", spells)):
            self._same(f"{table} at {belief.until}", self._believed(table, journey, belief.until), _sorted(said))

    def _believed(self, table: str, journey: str, at: Instant) -> list[tuple[Any, ...]]:
        return _sorted(
            tuple(row[name] for name in BELIEVED[table])
            for row in self._rows(table)
            if row["journey"] == journey and row["believed_from"] <= at < (row["believed_until"] or at + 1)
        )

    def _compare_kept(self, versions: dict[str, list[Version]]) -> None:
        """Whatever is kept goes on like a fold from zero."""
        for after, row in self._server.tables["kept"].get(self._key.number, {}).items():
            kept = opened(self._key, after, row["version"], row["box"])
            if kept is None:
                raise Broken("What was kept cannot be opened.")
            for journey, state in kept.states.items():
                known = known_then(versions[journey], self._until)
                going_on = carried(state, self._key.subject, known)
                if going_on is None:
                    raise Broken("What was kept is of other versions.")
                later = [] if row["newest"] else [fact for fact in self._facts if fact.occurred_at > after]
                if not going_on.learns(later):
                    raise Broken("What was kept does not go on with what comes after it.")
                end = self._until + AHEAD
                fresh = fold(in_fold_order(self._facts, end), known, end)
                self._same("kept", going_on.pass_to(end).standing.as_json(), fresh.standing.as_json())

    def _rows(self, table: str) -> Sequence[dict[str, Any]]:
        return [*self._server.tables[table].get(self._key.number, {}).values()]

    def _same(self, what: str, found: Any, fresh: Any) -> None:
        if found != fresh:
            raise Broken(f"{what} of {self._key.subject}:\n  rows  {found}\n  fresh {fresh}")


def _begins(row: dict[str, Any]) -> Instant:
    return int(row["from_at"])


def _sorted(said: Any) -> list[tuple[Any, ...]]:
    return sorted(map(tuple, said), key=repr)


# -- the log against what was said ---------------------------------------------------------------------------------


def compare_log(server: Server, master: MasterKey, ledger: Ledger) -> None:
    facts = [fact for _, key in _keys(server, master) for fact in _facts(server, key, server.log.head)]
    ledger.compare(facts, [*_publications(server, server.log.head)])


def _keys(server: Server, master: MasterKey) -> Iterator[tuple[UUID, CustomerKey]]:
    return ((number, master.unwrap(number, *key)) for number, key in server.log.keys.items())


def _facts(server: Server, key: CustomerKey, position: int) -> list[Fact]:
    entries = [entry for entry in server.log.streams[key.number] if entry.position <= position]
    return [fact for entry in entries if entry.topic == FACT and isinstance(fact := open_fact(entry, key), Fact)]


def _publications(server: Server, position: int) -> Iterator[Any]:
    return (open_publication(entry) for entry in server.log.publications if entry.position <= position)
