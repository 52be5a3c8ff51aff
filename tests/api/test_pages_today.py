"""The list of a day: worked by keyboard, by mouse, without scripts; each seller their own."""

import re
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from api.keyring import Wanted
from api.login import login_path
from api.wiring import Service
from domain.instants import rfc_3339
from tests.api.pages_world import follow, following, stored, visitor, visitor_with, workspace

HX = {"hx-request": "true"}


def test_a_card_is_worked_by_keyboard_and_the_next_one_follows(page: Page, database: str, tmp_path: Path) -> None:
    with workspace(database, tmp_path) as (wired, address):
        page.goto(address + login_path(wired, "/"))
        expect(page).to_have_url(re.compile("/today/j$"))
        page.keyboard.press("j")
        expect(page.locator(".card").first).to_contain_text("Wants a call")
        page.keyboard.press("j")
        page.keyboard.press("d")

        expect(page.get_by_role("status").filter(has_text="Done: k0")).to_be_visible()
        expect(page.locator(".card[aria-label=k1]")).to_be_focused()
        (fact,) = stored(wired, "k0", "opportunity.done")
        assert fact.data["rule"] == "chat"

        follow(wired)
        page.reload()
        page.get_by_text("Done with 1").click()
        expect(page.locator(".worked .card")).to_contain_text("Asked")


def test_a_card_is_snoozed_until_nine_in_the_morning_there(page: Page, database: str, tmp_path: Path) -> None:
    with workspace(database, tmp_path) as (wired, address):
        page.goto(address + login_path(wired, "/today/j?staff=bei"))
        expect(page.locator(".card")).to_have_count(3)
        page.keyboard.press("j")
        page.keyboard.press("z")
        page.keyboard.press("Enter")

        expect(page.get_by_role("status").filter(has_text="Snoozed until")).to_be_visible()
        (fact,) = stored(wired, "k1", "opportunity.snoozed")
        assert fact.data["until"].endswith("T01:00:00Z")
        assert rfc_3339(fact.occurred_at) < fact.data["until"]


def test_without_scripts_a_form_leads_back_to_the_same_list(browser: Browser, database: str, tmp_path: Path) -> None:
    context = browser.new_context(java_script_enabled=False, locale="zh-CN")
    with workspace(database, tmp_path) as (wired, address), following(wired):
        page = context.new_page()
        page.goto(address + login_path(wired, "/today/j?staff=bei"))
        page.get_by_role("button", name="跳过").first.click()

        expect(page).to_have_url(re.compile(r"/today/j\?staff=bei$"))
        expect(page.locator(".list").first.locator("> .card")).to_have_count(2)
        page.get_by_text("已处理 1").click()
        expect(page.locator(".worked .card")).to_contain_text("已跳过")
    context.close()


def test_a_seller_lands_on_own_customers_and_works_no_others(database: str, tmp_path: Path) -> None:
    with workspace(database, tmp_path) as (wired, address):
        others = _action(wired, address, "k1")
        with visitor_with(wired, address, Wanted("seller", "ai")) as client:
            page = client.get("/", follow_redirects=True)
            assert page.url.path == "/today/j"
            assert set(re.findall(r"/customer/(k\d)", page.text)) == {"k0", "k2", "k4"}
            assert 'name="staff"' not in page.text
            assert set(re.findall(r"/customer/(k\d)", client.get("/today/j?staff=bei").text)) == {"k0", "k2", "k4"}
            assert client.post(others, data={"do": "done"}, headers=HX).status_code == 404
        assert stored(wired, "k1", "opportunity.done") == []


def test_who_may_not_work_sees_no_buttons_and_is_refused(database: str, tmp_path: Path) -> None:
    with workspace(database, tmp_path) as (wired, address):
        action = _action(wired, address, "k1")
        with visitor_with(wired, address, Wanted("auditor")) as client:
            assert "/cards/" not in client.get("/today/j").text
            assert client.post(action, data={"do": "done"}).status_code == 403


def test_what_was_worked_meanwhile_is_told_in_its_place(page: Page, database: str, tmp_path: Path) -> None:
    with workspace(database, tmp_path) as (wired, address):
        page.goto(address + login_path(wired, "/today/j?lang=zh&staff=bei"))
        with visitor(wired, address) as other:
            assert other.post(_action(wired, address, "k1"), data={"do": "skip"}).status_code == 303

        page.locator(".card[aria-label=k1]").get_by_role("button", name="完成").click()

        expect(page.get_by_role("alert")).to_contain_text("这个机会已经不在了")
        assert stored(wired, "k1", "opportunity.done") == []


def test_a_form_sent_twice_works_the_card_once(database: str, tmp_path: Path) -> None:
    with workspace(database, tmp_path) as (wired, address), visitor(wired, address) as client:
        action = _action(wired, address, "k3")
        answers = [client.post(action, data={"do": "done", "id": "one"}, headers=HX) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].text == answers[1].text


def test_what_cannot_be_done_is_refused(database: str, tmp_path: Path) -> None:
    unfit: tuple[dict[str, str], ...] = ({}, {"do": "burn"}, {"do": "on-day"}, {"do": "on-day", "day": "2001-01-01"})
    with workspace(database, tmp_path) as (wired, address), visitor(wired, address) as client:
        action = _action(wired, address, "k1")
        assert {client.post(action, data=do).status_code for do in unfit} == {422}


def test_a_form_of_another_site_does_nothing(database: str, tmp_path: Path) -> None:
    with workspace(database, tmp_path) as (wired, address), visitor(wired, address) as client:
        action = _action(wired, address, "k1")
        answer = client.post(action, data={"do": "done"}, headers={"origin": "https://elsewhere.example"})

        assert answer.status_code == 403
        assert stored(wired, "k1", "opportunity.done") == []


def test_the_days_beside_today_and_a_list_as_it_was_shown(page: Page, database: str, tmp_path: Path) -> None:
    with workspace(database, tmp_path) as (wired, address):
        page.goto(address + login_path(wired, "/today/j"))
        page.get_by_role("link", name="Tomorrow").click()
        expect(page.get_by_text("A forecast")).to_be_visible()
        expect(page.locator(".card")).to_have_count(7)
        expect(page.get_by_role("button", name="Done")).to_have_count(0)

        page.get_by_role("link", name="Yesterday").click()
        page.get_by_label("as it was shown at").fill("2026-01-01T12:00")
        page.get_by_role("button", name="Show").last.click()
        expect(page.get_by_text("Nothing was known at that time")).to_be_visible()

        page.get_by_role("link", name="as known now").click()
        expect(page.get_by_text("No opportunities on this day")).to_be_visible()


def test_a_long_list_comes_in_parts(page: Page, database: str, tmp_path: Path) -> None:
    with workspace(database, tmp_path, customers=60) as (wired, address):
        page.goto(address + login_path(wired, "/today/j?kind=chat"))
        expect(page.locator(".card")).to_have_count(50)
        page.get_by_role("button", name="Show more").press("Enter")
        expect(page.locator(".card")).to_have_count(60)
        expect(page.get_by_role("button", name="Show more")).to_have_count(0)


def _action(wired: Service, address: str, customer: str) -> str:
    """Where the forms of a customer's card go."""
    with visitor(wired, address) as client:
        cards = client.get("/today/j").text.split('<li class="card"')
    found = next(card for card in cards if f'aria-label="{customer}"' in card)
    action = re.search(r'action="([^"]+)"', found)
    assert action is not None
    return action[1].replace("&amp;", "&")
