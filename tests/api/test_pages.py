"""The pages in a real Chromium: what a person sees, clicks and reaches by keyboard."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from playwright.sync_api import Page, expect

from api.app import create_app
from api.login import login_path
from api.publishing import Draft, first, publish
from api.settings import Settings
from api.wiring import Service, service
from domain.facts import Fact
from domain.instants import DAY, instant
from tests.api.served import served
from tests.following import follow

KEY = "tb_" + "k" * 40
RULEBOOK = """
journey: j
title: {zh: 试验, en: Trial}
stages: [{id: A, title: {zh: 甲, en: First}, initial: true}, {id: B, title: {zh: 乙, en: Second}}]
tags: [{id: hot, when: {fact: x}, add: hot}]
moves: [{id: go, from: A, to: B, after: 5d, since: {last: x}}]
"""
MARCH_1 = instant("2026-03-01T00:00:00Z")


@contextmanager
def workspace(database: str, home: Path) -> Iterator[tuple[Service, str]]:
    """30 customers with one fact each, one a day from 1 March, and the address that serves them."""
    with service(Settings(home=home), database) as wired:
        wired.keys.first_admin(KEY)
        publish(wired, "j", Draft(RULEBOOK, "first", effective_from=None), by="test", based_on=first)
        facts = [Fact("s", str(n), "x", f"<b>客户 {n}", MARCH_1 + n * DAY) for n in range(30)]
        wired.log.intake.append([facts])
        follow(wired.pool, wired.log.reading)
        with served(create_app(wired)) as address:
            yield wired, address


def test_the_printed_link_logs_in_and_the_board_leads_to_the_reason(page: Page, database: str, tmp_path: Path) -> None:
    with workspace(database, tmp_path) as (wired, address):
        page.goto(address + login_path(wired, "/board/j?as_of=2026-03-12"))

        expect(page.get_by_role("banner")).to_contain_text("Trial")
        expect(page.get_by_role("heading", name="Board")).to_be_visible()
        expect(page.get_by_role("heading", name="First 5")).to_be_visible()
        expect(page.get_by_role("heading", name="Second 7")).to_be_visible()
        page.get_by_role("link", name="<b>客户 6", exact=True).click()
        expect(page.get_by_text("moved from First to Second").first).to_be_visible()


def test_another_day_another_language_and_more_cards(page: Page, database: str, tmp_path: Path) -> None:
    with workspace(database, tmp_path) as (wired, address):
        page.goto(address + login_path(wired, "/board/j?as_of=2026-03-12"))
        page.get_by_role("link", name="Next month").press("Enter")
        expect(page.get_by_role("heading", name="Second 30")).to_be_visible()
        page.get_by_role("button", name="Show more").press("Enter")
        expect(page.locator("section").nth(1).locator("li")).to_have_count(30)

        page.get_by_role("link", name="中文").click()
        expect(page.get_by_role("heading", name="乙 30")).to_be_visible()
        page.get_by_role("link", name="前一月").click()
        expect(page.get_by_role("heading", name="甲 5")).to_be_visible()


def test_without_the_link_a_page_leads_to_where_one_logs_in_and_back(page: Page, database: str, tmp_path: Path) -> None:
    with workspace(database, tmp_path) as (_, address):
        page.goto(f"{address}/board/j?as_of=2026-03-12")
        page.get_by_label("Key").fill(KEY)
        page.get_by_label("Key").press("Enter")
        expect(page.get_by_role("heading", name="Second 7")).to_be_visible()

        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_role("heading", name="Log in")).to_be_visible()


def test_a_forged_link_does_not_log_in(database: str, tmp_path: Path) -> None:
    forged = ("", "1.x", "99999999999999999.00", "9" * 400, "²." + "0" * 64)
    with workspace(database, tmp_path) as (_, address):
        asked = [{"token": token, "to": "/board/j"} for token in forged]
        answers = [httpx.get(f"{address}/login", params=params) for params in asked]

    assert {(answer.status_code, answer.cookies.get("trailbook")) for answer in answers} == {(401, None)}


def test_a_link_does_not_lead_to_another_host(database: str, tmp_path: Path) -> None:
    with workspace(database, tmp_path) as (wired, address):
        answer = httpx.get(address + login_path(wired, "//elsewhere.example/"))

    assert answer.headers["location"] == "/"
