"""What clients do to the service: facts, rulebooks, commands; each answered as a perfect memory says it must be."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import httpx
from hypothesis import strategies as st

from domain.facts import Fact
from domain.instants import SECOND, Instant, rfc_3339
from tests.domain.generate import GRID, Document
from tests.domain.naive import Published
from tests.domain.naive_conditions import stages
from tests.machine import commands
from tests.machine.asked import Opportunity, Questions, Tracking
from tests.machine.commands import Verdict
from tests.machine.drawn import CUSTOMERS, EVERY_STAGE, JOURNEYS, requests, rulebooks
from tests.machine.memory import Memory, Publication, same_content
from tests.projections.world import World

ONE, BATCH, LINES = "application/cloudevents+json", "application/cloudevents-batch+json", "application/x-ndjson"
STARTS: tuple[str | int, ...] = ("now", -20, -6, -1, 0, 1, 3, 8, "always")
FIRST_STARTS: tuple[str | int, ...] = ("always", "always", "now", 2)
"""From when on a version is in force: half days from now, or a word."""
WORKED = {"done": "opportunity.done", "skip": "opportunity.skipped", "snooze": "opportunity.snoozed"}

customers = st.sampled_from([*CUSTOMERS, *CUSTOMERS, *CUSTOMERS, "nobody"])
journeys = st.sampled_from([JOURNEYS[0], *JOURNEYS])
keys = st.sampled_from([None, None, None, "k1", "k2", "k3"])


class Actions:
    """On an empty log at the instant ``start``; ``by`` is what the service calls the actor of all requests."""

    def __init__(self, world: World, client: httpx.Client, by: str, zone: str, start: Instant) -> None:
        self.world = world
        self.client = client
        self.by = by
        self.zone = zone
        self.memory = Memory(start)
        self.rows = Tracking()
        self.asking = Questions(client, self.memory, self.rows, zone)
        self.opportunities: dict[str, Opportunity] = {}
        self._sent = 0
        world.starts_anew()
        self.it_is(start)

    def it_is(self, now: Instant) -> None:
        self.memory.now = now
        self.world.it_is(now)

    def time_passes(self, length: int, whole: bool) -> None:
        """``whole``: to the half day that then begins or has begun, so that things fall on one instant."""
        now = self.memory.now + length
        self.it_is(max(self.memory.now, now // GRID * GRID) if whole else now)

    # Facts ----------------------------------------------------------------------------------------------------------

    def facts_come(self, data: st.DataObject) -> None:
        self._tick()
        known = [fact for fact in self.memory.facts() if fact.source != commands.SOURCE]
        facts = data.draw(requests(self._sent, self.memory.now, known), "facts")
        self._sent += len(facts)
        media = data.draw(st.sampled_from([BATCH, LINES]), "media") if len(facts) > 1 else ONE
        if data.draw(st.integers(0, 15), "too far ahead at 15") == 15:
            ahead = replace(facts[0], id="ahead", occurred_at=self.memory.now + 300 * SECOND + 1)
            assert self._posted([*facts, ahead], BATCH).status_code == 422
        self._send(facts, media)

    def _send(self, facts: Sequence[Fact], media: str) -> None:
        answer = self._posted(facts, media)
        new: dict[tuple[str, str], Fact] = {}
        conflicts: dict[int, int | None] = {}
        positions: list[int] = []
        for index, fact in enumerate(facts):
            stored = self.memory.fact(*fact.key)
            earlier = stored or new.setdefault(fact.key, fact)
            if not same_content(earlier, fact):
                conflicts[index] = None if stored is None else stored.position
            positions.append(self.memory.head + len(new) if stored is None else stored.position or 0)
        if conflicts:
            assert answer.status_code == 409, answer.text
            assert {error["index"]: error.get("position") for error in answer.json()["errors"]} == conflicts
            return
        assert answer.status_code == (201 if new else 200), answer.text
        told = {"accepted": len(new), "duplicates": len(facts) - len(new), "position": max(positions)}
        assert answer.json() == told
        self.memory.keep(new.values())

    def _posted(self, facts: Sequence[Fact], media: str) -> httpx.Response:
        events = [json.dumps(_as_sent(fact)) for fact in facts]
        body = {ONE: "".join(events), LINES: "\n".join(events), BATCH: f"[{','.join(events)}]"}[media]
        return self.client.post("/v1/facts", content=body.encode(), headers={"Content-Type": media})

    def _tick(self) -> None:
        """No two transactions fall on one instant of the clock."""
        if self.memory.time_of_writing() > self.memory.now:
            self.it_is(self.memory.time_of_writing())

    # Rulebooks ------------------------------------------------------------------------------------------------------

    def a_rulebook_is_published(self, data: st.DataObject) -> None:
        self.publish(data, data.draw(journeys, "journey"))

    def publish(self, data: st.DataObject, journey: str) -> None:
        """In force from now, from a number of half days ahead or ago, or since always."""
        self._tick()
        now, known = self.memory.now, self.memory.publications(journey)
        base = known[-1].version.document if known else None
        document = data.draw(rulebooks(journey, self.zone, base), "document")
        start = data.draw(st.sampled_from(STARTS if known else FIRST_STARTS), "start")
        effective = {"now": now, "always": None}[start] if isinstance(start, str) else (now // GRID + start) * GRID
        retroactive = effective is not None and effective < now and data.draw(st.integers(0, 4), "by name") > 0
        etag = data.draw(
            st.sampled_from([*(one.etag for one in known[-1:] * 4 + known[:1]), '"none"'][-6:]), "based on"
        )
        status = 201
        if known and etag != known[-1].etag:
            status = 412
        elif (effective is None and known) or (effective is not None and effective < now and not retroactive):
            status = 422
        answer = self._published(journey, document, etag if known else None, start, effective, retroactive)
        assert answer.status_code == status, answer.text
        if status == 201:
            version = Published(len(known) + 1, document, effective, now)
            told = answer.json()
            kept = {"version": version.number, "position": self.memory.head + 1, "published_at": rfc_3339(now)}
            assert {name: told[name] for name in kept} == kept
            self.memory.entries.append(Publication(journey, version, self.memory.head + 1, answer.headers["ETag"]))

    def _published(
        self, journey: str, document: Document, etag: str | None, start: object, at: Instant | None, retroactive: bool
    ) -> httpx.Response:
        body: dict[str, Any] = {"document": document, "because": "a test"}
        body |= {"retroactive": True} if retroactive else {}
        body |= {} if start == "now" else {"effective_from": None if at is None else rfc_3339(at)}
        headers = {"If-None-Match": "*"} if etag is None else {"If-Match": etag}
        return self.client.post(f"/v1/journeys/{journey}/rulebooks", json=body, headers=headers)

    # Commands -------------------------------------------------------------------------------------------------------

    def somebody_is_moved(self, data: st.DataObject) -> None:
        self._tick()
        customer, journey = data.draw(customers, "customer"), data.draw(journeys, "journey")
        present = self.memory.fold(customer, journey, self.memory.head, self.memory.now).stage or "A"
        newest = [stages(one.version.document) for one in self.memory.publications(journey)[-1:]]
        asked = {
            "from": data.draw(st.sampled_from([present] * 4 + ["A", "B"]), "from"),
            "stage": data.draw(
                st.sampled_from([stage for some in newest * 4 for stage in some] + [*EVERY_STAGE]), "to"
            ),
            "reason": "a test",
        }
        hold = data.draw(st.sampled_from([None, None, None, "1d", "3d", "0s", "soon"]), "hold")
        asked |= {} if hold is None else {"hold": hold}
        key = data.draw(keys, "key")
        kept = {"journey": journey, **asked, "by": self.by}
        verdict = commands.move(self.memory, customer, kept, key or "random")
        told = self._command(f"/v1/customers/{customer}/journeys/{journey}/stage", asked, key, verdict)
        if verdict.facts:
            self._assert_standing(told["standing"], customer, journey, told["position"])

    def a_fact_is_voided(self, data: st.DataObject) -> None:
        self._tick()
        position = data.draw(st.integers(0, self.memory.head + 1), "position")
        reason, key = data.draw(st.sampled_from(["a slip", "another"]), "reason"), data.draw(keys, "key")
        verdict = commands.void(self.memory, position, reason, self.by, key or "random")
        self._command(f"/v1/facts/{position}/void", {"reason": reason}, key, verdict)

    def an_opportunity_is_worked(self, data: st.DataObject) -> None:
        seen = self.look(data.draw(journeys, "journey"), None, None, None, 200)
        if not self.opportunities:
            return
        self._tick()
        opportunity = data.draw(st.sampled_from(seen * 3 + list(self.opportunities.values())[-10:]), "opportunity")
        how, key = data.draw(st.sampled_from([*WORKED]), "how"), data.draw(keys, "key")
        asked = {}
        if how == "snooze":
            half_days = data.draw(st.sampled_from([1, 2, 7, 0, -1, 800]), "until")
            asked = {"until": rfc_3339((self.memory.now // GRID + half_days) * GRID)}
        kept = {"journey": opportunity.journey, "rule": opportunity.rule, "opened_at": opportunity.opened_at}
        kept |= {**asked, "by": self.by}
        verdict = commands.work(self.memory, WORKED[how], opportunity.customer, kept, key or "random")
        self._command(f"/v1/opportunities/{opportunity.id}/{how}", asked, key, verdict)

    def look(
        self, journey: str | None, on: date | None, known_at: Instant | None, staff: str | None, limit: int
    ) -> list[Opportunity]:
        """At the list of a day, which gives the ids to work on."""
        seen = self.asking.day(journey, on, known_at, staff, limit)
        self.opportunities |= {opportunity.id: opportunity for opportunity in seen}
        return seen

    def _command(self, path: str, asked: Any, key: str | None, verdict: Verdict) -> Any:
        answer = self.client.post(path, json=asked, headers={} if key is None else {"Idempotency-Key": key})
        assert answer.status_code == verdict.status, (path, asked, answer.text)
        if not verdict.facts:
            return {}
        told = answer.json()
        named = told["facts"] if "facts" in told else [told["fact"]]
        facts = verdict.facts
        if key is None:
            facts = tuple(replace(fact, id=named[0]["id"] + fact.id.removeprefix("random")) for fact in facts)
        if verdict.status == 201:
            self.memory.keep(facts)
            facts = tuple(self.memory.facts()[-len(facts) :])
        assert named == [{"source": fact.source, "id": fact.id} for fact in facts]
        assert told["position"] == max(fact.position or 0 for fact in facts)
        return told

    def _assert_standing(self, told: Any, customer: str, journey: str, position: int) -> None:
        """Where she stood when the command was stored, by all that was known then."""
        fact = self.memory.entries[position - 1]
        assert isinstance(fact, Fact)
        outcome = self.memory.fold(customer, journey, position, fact.occurred_at)
        since = None if outcome.since is None else rfc_3339(outcome.since)
        assert (told["stage"], told["since"], told["rulebook"]) == (outcome.stage, since, outcome.rulebook)
        assert sorted(tag["tag"] for tag in told["tags"]) == sorted(outcome.tags)
        assert sorted(card["rule"] for card in told["open"]) == sorted(outcome.open)


def _as_sent(fact: Fact) -> dict[str, Any]:
    """The event; a time may be told in another zone, which changes nothing."""
    told = fact.event()
    if fact.occurred_at % 3 == 0:
        told["time"] = rfc_3339(fact.occurred_at + 8 * 3600 * SECOND).removesuffix("Z") + "+08:00"
    return told
