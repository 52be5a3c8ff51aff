"""Questions to the service, each with what a perfect memory says to it."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from domain.facts import Fact
from domain.instants import Instant, instant, rfc_3339
from tests.machine.believed import Step, trail, written
from tests.machine.listed import Card, Day, Reason, day, day_of, of_day, standing_by_stage
from tests.machine.memory import Cut, Memory


@dataclass
class Tracking:
    """What the rows stand for."""

    position: int = 0
    until: Instant = 0


@dataclass(frozen=True)
class Opportunity:
    """What an id on a list stands for."""

    id: str
    customer: str
    journey: str
    rule: str
    opened_at: str


@dataclass(frozen=True)
class Cuts:
    """As asked; absent ones are of now. One of ``known_at`` and ``known_position`` at most."""

    as_of: Instant | None = None
    known_at: Instant | None = None
    known_position: int | None = None

    def params(self) -> dict[str, Any]:
        said: dict[str, Any] = {} if self.as_of is None else {"as_of": rfc_3339(self.as_of)}
        said |= {} if self.known_at is None else {"known_at": rfc_3339(self.known_at)}
        return said | ({} if self.known_position is None else {"known_position": self.known_position})

    def cut(self, memory: Memory) -> Cut | None:
        """``None`` for what lies ahead of now."""
        if self.known_position is not None:
            return Cut(self.known_position, memory.now) if self.known_position <= memory.head else None
        if self.known_at is None:
            return memory.present
        return Cut(memory.position_at(self.known_at), self.known_at) if self.known_at <= memory.now else None


class Questions:
    """Every method asks one question and raises ``AssertionError`` where the answer is not that of ``memory``."""

    def __init__(self, client: httpx.Client, memory: Memory, rows: Tracking, zone: str) -> None:
        self.client = client
        self.memory = memory
        self.rows = rows
        self.zone = ZoneInfo(zone)

    def standing(self, customer: str, journey: str, cuts: Cuts) -> None:
        cut = cuts.cut(self.memory)
        status = self._status_of_customer(customer, journey, cut)
        answer = self._get(f"/v1/customers/{customer}/journeys/{journey}", status, **cuts.params())
        if cut is None or status != 200:
            return
        as_of = self.memory.now if cuts.as_of is None else cuts.as_of
        outcome = self.memory.fold(customer, journey, cut.position, as_of)
        assert {name: answer[name] for name in ("stage", "since", "rulebook", "as_of", "known_at", "position")} == {
            "stage": outcome.stage,
            "since": None if outcome.since is None else rfc_3339(outcome.since),
            "rulebook": outcome.rulebook,
            "as_of": rfc_3339(as_of),
            "known_at": rfc_3339(cut.known_at),
            "position": cut.position,
        }
        tags = {tag["tag"]: (instant(tag["since"]), tag["by"]) for tag in answer["tags"]}
        assert tags == {name: (tag.since, tag.by) for name, tag in outcome.tags.items()}
        open_ = {card["rule"]: (card["kind"], instant(card["since"])) for card in answer["open"]}
        assert open_ == {rule: (card.kind, card.since) for rule, card in outcome.open.items()}
        assert answer.get("forecast", False) == (as_of > self.memory.now)

    def trail(self, customer: str, journey: str, cuts: Cuts) -> None:
        cut = cuts.cut(self.memory)
        status = self._status_of_customer(customer, journey, cut)
        answer = self._get(f"/v1/customers/{customer}/journeys/{journey}/trail", status, **cuts.params())
        if cut is None or status != 200:
            return
        as_of = self.memory.now if cuts.as_of is None else cuts.as_of
        assert answer["items"] == trail(self.memory, customer, journey, cut, as_of)

    def board(self, journey: str, as_of: Instant | None, known_at: Instant | None, staff: str | None) -> None:
        status = self._status_of_list(journey, known_at)
        params = Cuts(as_of, known_at).params() | ({} if staff is None else {"staff": staff})
        answer = self._get(f"/v1/journeys/{journey}/board", status, **params)
        if status != 200:
            return
        position = self.rows.position
        if known_at is not None:
            position = min(position, self.memory.position_at(known_at))
        asked = self.rows.until if as_of is None else as_of
        assert (answer["position"], answer["as_of"]) == (position, rfc_3339(asked))
        cut = Cut(position, self.memory.now)
        wanted = standing_by_stage(self.memory, journey, cut, asked, staff)
        columns = {column["stage"]: column for column in answer["columns"] if column["count"] or column["cards"]}
        cards = {
            stage: {(card["customer"], card["since"], card["staff"]) for card in column["cards"]}
            for stage, column in columns.items()
        }
        assert cards == wanted
        assert {stage: column["count"] for stage, column in columns.items()} == {s: len(c) for s, c in wanted.items()}
        for card in (card for column in columns.values() for card in column["cards"]):
            outcome = self.memory.fold(card["customer"], journey, position, asked)
            assert card["cause"] == _arrival(outcome.steps)
            assert card["tags"] == sorted(outcome.tags)

    def listed_by_stage(self, journey: str, stage: str) -> None:
        status = self._status_of_list(journey, None)
        answer = self._get("/v1/customers", status, journey=journey, stage=stage)
        if status == 200:
            cut = Cut(self.rows.position, self.rows.until)
            wanted = standing_by_stage(self.memory, journey, cut, self.rows.until, None).get(stage, set())
            assert {item["customer"] for item in answer["items"]} == {customer for customer, *_ in wanted}

    def day(
        self, journey: str | None, on: date | None, known_at: Instant | None, staff: str | None, limit: int
    ) -> list[Opportunity]:
        """Returns what the ids on the list stand for."""
        status = self._status_of_list(journey, known_at)
        params = Cuts(known_at=known_at).params() | {"limit": limit}
        params |= {} if journey is None else {"journey": journey}
        params |= {} if on is None else {"on": on.isoformat()}
        params |= {} if staff is None else {"staff": staff}
        answer = self._get("/v1/opportunities", status, **params)
        if status != 200:
            return []
        journeys = [journey] if journey is not None else self._published()
        asked_at = self.rows.until if known_at is None else known_at
        known = min((asked_at, self.memory.position_at(asked_at)), (self.rows.until, self.rows.position))
        if asked_at == self.rows.until:
            known = self.rows.until, self.rows.position
        cut = Cut(known[1], known[0])
        assert (answer["known_at"], answer["position"]) == (rfc_3339(cut.known_at), cut.position)
        asked = day(on or day_of(cut.known_at, self.zone), self.zone, cut.known_at)
        found = self._every_page(answer, "/v1/opportunities", params)
        assert [_card(item) for item in found] == self._cards(journeys, cut, asked, staff)
        return [
            Opportunity(reason["id"], item["customer"], item["journey"], reason["rule"], reason["since"])
            for item in found
            for reason in item["reasons"]
        ]

    def log(self, after: int, limit: int, type: str | None, subject: str | None) -> None:
        """Page by page to its end."""
        params: dict[str, Any] = {"limit": limit}
        params |= {} if type is None else {"type": type}
        params |= {} if subject is None else {"subject": subject}
        seen: list[Any] = []
        following: int | None = after
        while following is not None:
            answer = self._get("/v1/facts", 200, after=following, **params)
            seen += answer["items"]
            assert len(answer["items"]) <= limit
            assert answer["next"] is None or int(answer["next"]) > following
            following = None if answer["next"] is None else int(answer["next"])
        facts = [fact for fact in self.memory.facts(subject) if (fact.position or 0) > after]
        assert seen == [fact.event() for fact in facts if type in (None, fact.type)]

    def facts_of(self, customer: str, order: str) -> None:
        facts = self.memory.facts(customer)
        if order == "fold":
            facts.sort(key=lambda fact: (fact.occurred_at, fact.source, fact.sequence, fact.id))
        answer = self._get(f"/v1/customers/{customer}/facts", 200 if facts else 404, order=order)
        assert answer.get("items", []) == [fact.event() for fact in facts]

    def versions(self, journey: str) -> None:
        known = self.memory.publications(journey)
        answer = self._get(f"/v1/journeys/{journey}/rulebooks", 200 if known else 404)
        told = [(item["version"], item["position"], item["published_at"]) for item in answer.get("items", [])]
        assert told == [(one.version.number, one.position, rfc_3339(one.version.published_at or 0)) for one in known]

    def _published(self) -> list[str]:
        return sorted({one.journey for one in self.memory.entries if not isinstance(one, Fact)})

    def _cards(self, journeys: list[str], cut: Cut, asked: Day, staff: str | None) -> list[Card]:
        cards = [card for journey in journeys for card in of_day(self.memory, journey, cut, asked, staff)]
        return sorted(cards, key=lambda card: (-card[4], min(reason.opened_at for reason in card[6]), card[0], card[2]))

    def _every_page(self, answer: Any, path: str, params: dict[str, Any]) -> list[Any]:
        found = list(answer["items"])
        while answer["next"] is not None:
            answer = self._get(path, 200, **params, cursor=answer["next"])
            found += answer["items"]
        return found

    def _status_of_customer(self, customer: str, journey: str, cut: Cut | None) -> int:
        if cut is None:
            return 422
        known = self.memory.facts(customer, cut.position) and self.memory.publications(journey)
        return 200 if known else 404

    def _status_of_list(self, journey: str | None, known_at: Instant | None) -> int:
        if journey is not None and not self.memory.publications(journey):
            # Which of two faults is told first is nobody's business.
            return 404 if known_at is None or known_at <= self.memory.now else -1
        return 422 if known_at is not None and known_at > self.memory.now else 200

    def _get(self, path: str, status: int, **params: Any) -> Any:
        answer = self.client.get(path, params=params)
        assert answer.status_code in ({status} if status > 0 else {404, 422}), (path, params, answer.text)
        return answer.json()


def _arrival(steps: list[Step]) -> Step:
    last = [step for step in steps if step["kind"] in ("entered", "moved")][-1]
    return {**written([last])[0]["cause"], "kind": last["kind"]}


def _card(item: Any) -> Card:
    reasons = tuple(
        Reason(reason["rank"], instant(reason["since"]), reason["rule"], reason["ended"] is not None)
        for reason in item["reasons"]
    )
    return item["customer"], item["journey"], item["kind"], item["staff"], item["rank"], item["open"], reasons
