"""A customer's page: where she stands and why, both cuts, moving her by hand, voiding a fact."""

from pathlib import Path

from playwright.sync_api import Page, expect

from api.access import Role
from api.keyring import Wanted
from api.login import login_path
from domain.facts import Fact
from domain.instants import DAY, SECOND
from tests.api.pages_world import follow, happens, stored, visitor, visitor_with, workspace

K1 = "/journey/j/customer/k1"


def test_every_part_of_the_standing_is_explained_in_both_languages(page: Page, database: str, tmp_path: Path) -> None:
    with workspace(database, tmp_path) as (wired, address):
        page.goto(address + login_path(wired, K1))
        standing = page.get_by_role("region", name="Stage")
        expect(standing).to_contain_text("entered the journey at First")
        expect(standing).to_contain_text("tagged hot")
        expect(standing).to_contain_text("opportunity Asked opened, closed again after 2 days")

        page.get_by_role("link", name="中文").click()
        expect(page.get_by_role("region", name="阶段")).to_contain_text("打开机会『主动咨询』")


def test_she_is_moved_by_hand_to_where_people_may_move_her(page: Page, database: str, tmp_path: Path) -> None:
    with workspace(database, tmp_path) as (wired, address):
        page.goto(address + login_path(wired, K1))
        expect(page.get_by_label("Move to").locator("option")).to_have_text(["Second", "Third"])
        page.get_by_label("Move to").select_option("Third")
        page.get_by_label("Rules rest for").select_option("7 days")
        page.get_by_role("button", name="Move").click()
        assert stored(wired, "k1", "stage.set") == [], "a reason is required"
        page.get_by_label("Reason").first.fill("she said so")
        page.get_by_role("button", name="Move").click()

        expect(page.locator(".big")).to_contain_text("Third")
        expect(page.locator("#steps li").first).to_contain_text("she said so")
        (fact,) = stored(wired, "k1", "stage.set")
        assert {name: fact.data[name] for name in ("from", "stage", "hold", "reason")} == {
            "from": "A",
            "stage": "C",
            "hold": "7d",
            "reason": "she said so",
        }


def test_a_move_from_a_stage_she_has_left_is_refused_and_says_where_she_stands(
    page: Page, database: str, tmp_path: Path
) -> None:
    with workspace(database, tmp_path) as (wired, address):
        page.goto(address + login_path(wired, K1 + "?lang=zh"))
        happens(wired, "buy", "k1")
        page.get_by_label("移到").select_option("丙")
        page.get_by_label("原因").first.fill("她说的")
        page.get_by_role("button", name="调整").click()

        alert = page.get_by_role("alert")
        expect(alert).to_contain_text("在你决定之后，她的阶段已经变了")
        expect(alert).to_contain_text("现在站在: 乙")
        expect(page.get_by_label("原因").first).to_have_value("她说的")
        page.get_by_role("button", name="调整").click()
        expect(page.locator(".big")).to_contain_text("丙")


def test_a_voided_fact_is_marked_and_its_step_was_only_once_believed(page: Page, database: str, tmp_path: Path) -> None:
    with workspace(database, tmp_path) as (wired, address):
        happens(wired, "buy", "k1")
        page.goto(address + login_path(wired, K1))
        fact = page.locator("#facts li").filter(has_text="buy")
        fact.locator("summary").click()
        fact.get_by_label("Reason").fill("another customer")
        fact.get_by_role("button", name="Void").click()

        expect(page.locator(".big")).to_contain_text("First")
        expect(page.locator("#facts .gone")).to_contain_text("voided: another customer")
        expect(page.locator("#steps")).not_to_contain_text("moved from First to Second")
        follow(wired)
        page.get_by_role("link", name="All that was ever believed").click()
        gone = page.locator("#steps .gone")
        expect(gone).to_contain_text("moved from First to Second")
        expect(gone).to_contain_text("given up at 2")


def test_the_two_dates_ask_what_had_happened_and_what_was_known(page: Page, database: str, tmp_path: Path) -> None:
    with workspace(database, tmp_path) as (wired, address):
        happens(wired, "buy", "k1", wired.log.reading.now() - 2 * DAY)
        page.goto(address + login_path(wired, K1))
        page.get_by_text("What do the two dates mean?").click()
        expect(page.get_by_text("only what we had learned by then counts")).to_be_visible()
        page.get_by_label("As known at").fill("2026-01-01")
        page.get_by_role("button", name="Show").click()
        expect(page.get_by_text("Nothing was known of this customer")).to_be_visible()
        expect(page.get_by_role("button", name="Move")).to_have_count(0)

        page.get_by_role("link", name="Now", exact=True).click()
        page.get_by_role("link", name="Day before").click()
        expect(page.locator("#facts li")).to_have_count(1)
        page.get_by_role("link", name="Now", exact=True).click()
        page.get_by_label("As of").fill("2099-01-01")
        page.get_by_role("button", name="Show").click()
        expect(page.locator("#steps")).to_contain_text("opportunity Asked closed forecast")


def test_long_lists_are_paged(page: Page, database: str, tmp_path: Path) -> None:
    with workspace(database, tmp_path) as (wired, address):
        now = wired.log.reading.now()
        wired.log.intake.append([[Fact("s", f"note{n}", "note.added", "k1", now - n * SECOND) for n in range(60)]])
        page.goto(address + login_path(wired, K1))
        expect(page.locator("#facts li")).to_have_count(50)
        page.locator("#facts").get_by_role("link", name="Older").click()
        expect(page.locator("#facts li")).to_have_count(12)


def test_each_role_may_do_here_what_it_may_do_anywhere(database: str, tmp_path: Path) -> None:
    roles: dict[Role, tuple[int, int]] = {"auditor": (403, 403), "ops": (303, 403), "seller": (404, 403)}
    with workspace(database, tmp_path) as (wired, address):
        for role, (move, void) in roles.items():
            with visitor_with(wired, address, Wanted(role, "ai" if role == "seller" else None)) as client:
                page = client.get(K1)
                assert ("/move/" in page.text) == (move == 303)
                assert "/void/" not in page.text
                sent = {"from": "A", "stage": "B", "reason": "why"}
                assert client.post("/journey/j/move/k1", data=sent).status_code == move
                assert client.post("/journey/j/void/3", data={"reason": "why"}).status_code == void


def test_a_move_sent_twice_is_made_once(database: str, tmp_path: Path) -> None:
    with workspace(database, tmp_path) as (wired, address), visitor(wired, address) as client:
        sent = {"from": "A", "stage": "B", "reason": "why", "id": "one"}
        assert [client.post("/journey/j/move/k1", data=sent).status_code for _ in range(2)] == [303, 303]
        assert len(stored(wired, "k1", "stage.set")) == 1
