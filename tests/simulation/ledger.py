"""What was sent and what the senders were told: a record kept outside the system, that the log is held to."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from domain.facts import Fact
from domain.strict_json import canonical
from event_log.judging import Stored
from event_log.state import Publication


class Broken(AssertionError):
    """Something that always holds did not."""


@dataclass(eq=False)
class Sent:
    """A request; ``doubtful`` where somebody was left without a certain answer to it, ``stored`` where that was yes."""

    facts: Sequence[Fact]
    doubtful: bool = False
    stored: bool = False


class Ledger:
    """Requests, and the facts and publications that somebody was told are stored."""

    def __init__(self) -> None:
        self._sent: list[Sent] = []
        self._tried: set[tuple[str, str]] = set()
        self._facts: dict[tuple[str, str], tuple[bytes, int]] = {}
        self._publications: list[Publication] = []

    def sent(self, facts: Sequence[Fact]) -> Sent:
        self._sent.append(Sent(facts))
        return self._sent[-1]

    def tried(self, sent: Sent) -> int:
        """It is under way; returns how many of its facts nobody can have stored yet. A source is one sender's alone."""
        new = {fact.key for fact in sent.facts} - self._tried
        self._tried |= new
        return len(new)

    def acknowledged(self, sent: Sent, outcome: Stored, new: int) -> None:
        """Raises ``Broken``."""
        sent.stored = True
        if outcome.accepted < new:
            raise Broken(f"Of {new} new facts {outcome.accepted} were said to be new.")
        for fact in sent.facts:
            content = canonical(fact.content())
            earlier, _ = self._facts.setdefault(fact.key, (content, outcome.position))
            if earlier != content:
                raise Broken(f"Two contents were acknowledged as {fact.key}.")

    def published(self, publication: Publication) -> None:
        self._publications.append(publication)

    def compare(self, facts: Sequence[Fact], publications: Sequence[Publication]) -> None:
        """With all that is stored. Raises ``Broken``."""
        stored = {fact.key: fact for fact in facts}
        if len(stored) != len(facts):
            raise Broken("A fact is stored twice.")
        self._compare_acknowledged(stored)
        self._compare_requests(stored)
        if any(one not in publications for one in self._publications):
            raise Broken("A publication was acknowledged, and is not stored so.")
        if len({one.because for one in publications}) != len(publications):
            raise Broken("A rulebook was published twice.")

    def _compare_acknowledged(self, stored: dict[tuple[str, str], Fact]) -> None:
        for key, (content, highest) in self._facts.items():
            fact = stored.get(key)
            if fact is None or canonical(fact.content()) != content:
                raise Broken(f"{key} was acknowledged, and is not stored so.")
            if (fact.position or 0) > highest:
                raise Broken(f"{key} was acknowledged before it was stored.")

    def _compare_requests(self, stored: dict[tuple[str, str], Fact]) -> None:
        times_sent = Counter(fact.key for sent in self._sent for fact in sent.facts)
        for sent in self._sent:
            own = [stored.get(fact.key) for fact in sent.facts if times_sent[fact.key] == 1]
            recorded = {None if fact is None else fact.recorded_at for fact in own}
            named = [fact.key for fact in sent.facts]
            if len(recorded) > 1:
                raise Broken(f"A request is stored in part, or not at once: {named}.")
            if recorded - {None} and not sent.stored and not sent.doubtful:
                raise Broken(f"A request is stored, and its sender was told that it is not: {named}.")
