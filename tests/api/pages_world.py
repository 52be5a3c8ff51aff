"""What the tests of the pages look at: a journey with opportunities, customers of two sellers, somebody to look."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from api.app import create_app
from api.keyring import Wanted
from api.login import login_path
from api.publishing import Draft, first, publish
from api.settings import Settings
from api.wiring import Service, service
from domain.facts import Fact
from domain.instants import SECOND, Instant
from tests.api.served import served
from tests.following import follow as follow_all
from tests.following import followers

RULEBOOK = """
journey: j
title: {zh: 试验, en: Trial}
timezone: Asia/Shanghai
stages:
  - {id: A, title: {zh: 甲, en: First}, initial: true}
  - {id: B, title: {zh: 乙, en: Second}}
  - {id: C, title: {zh: 丙, en: Third}}
manual: [{from: [A, B], to: [B, C]}]
tags: [{id: hot, when: {fact: ask}, add: hot}]
moves:
  - {id: go, from: A, to: B, when: {fact: buy}}
  - {id: back, from: B, to: A, after: 5d, since: {last: buy}}
opportunities:
  - {id: chat, kind: chat, title: {zh: 主动咨询, en: Asked}, when: {fact: ask}, rank: 30, open_for: 2d}
  - {id: call, kind: call, title: {zh: 想通话, en: Wants a call}, when: {fact: ring}, rank: 60, open_for: 2d}
"""


@contextmanager
def workspace(database: str, home: Path, customers: int = 6) -> Iterator[tuple[Service, str]]:
    """Customers k0, k1, ...: those of even number are ai's, the others bei's. Everybody asked, k0 rang too."""
    with service(Settings(home=home), database) as wired:
        wired.keys.first_admin("tb_" + "k" * 40)
        publish(wired, "j", Draft(RULEBOOK, "first", effective_from=None), by="test", based_on=first)
        now = wired.log.reading.now()
        facts = [Fact("s", "ring", "ring", "k0", now - 40 * SECOND)]
        for n in range(customers):
            staff = {"staff": ("ai", "bei")[n % 2]}
            facts.append(Fact("s", f"add{n}", "contact.added", f"k{n}", now - 90 * SECOND, data=staff))
            facts.append(Fact("s", f"ask{n}", "ask", f"k{n}", now - 60 * SECOND + n))
        wired.log.intake.append([facts])
        follow(wired)
        with served(create_app(wired)) as address:
            yield wired, address


def follow(wired: Service) -> None:
    """Bring the rows up to the log."""
    follow_all(wired.pool, wired.log.reading)


@contextmanager
def following(wired: Service) -> Iterator[None]:
    """Keep the rows up, as the worker does."""
    started = followers(wired.pool, wired.log.reading)
    stopping = threading.Event()

    def work() -> None:
        while not stopping.wait(0.02):
            started.step()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stopping.set()
    thread.join()


def happens(wired: Service, type: str, customer: str, at: Instant | None = None) -> None:
    """A fact comes in, and the rows know it."""
    wired.log.intake.append([[Fact("s", f"{type} {customer}", type, customer, at or wired.log.reading.now())]])
    follow(wired)


@contextmanager
def visitor(wired: Service, address: str) -> Iterator[httpx.Client]:
    """The administrator without a browser; forms are sent as one sends them."""
    with httpx.Client(base_url=address, headers={"origin": address, "accept-language": "en"}, timeout=20) as client:
        client.get(login_path(wired, "/"))
        yield client


@contextmanager
def visitor_with(wired: Service, address: str, wanted: Wanted) -> Iterator[httpx.Client]:
    """Somebody with a new key."""
    _, secret = wired.keys.add(wanted, None)
    with httpx.Client(base_url=address, headers={"origin": address, "accept-language": "en"}, timeout=20) as client:
        client.post("/login", data={"key": secret})
        yield client


def stored(wired: Service, customer: str, type: str) -> list[Fact]:
    return [fact for fact in wired.log.reading.customer(customer).facts if fact.type == type]
