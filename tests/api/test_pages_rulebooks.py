"""The rulebooks' page: versions and documents, a draft previewed and then published."""

import re
from html import unescape
from pathlib import Path

import httpx
from playwright.sync_api import Page, expect

from api.keyring import Wanted
from api.login import login_path
from api.publishing import Draft, publish
from tests.api.pages_world import RULEBOOK, visitor, visitor_with, workspace


def test_a_draft_is_previewed_and_then_published(page: Page, database: str, tmp_path: Path) -> None:
    with workspace(database, tmp_path) as (wired, address):
        page.goto(address + login_path(wired, "/rulebooks/j"))
        page.get_by_text("Change the rules").click()
        renamed = RULEBOOK.replace("id: A", "id: Z").replace("from: A", "from: Z").replace("to: A", "to: Z")
        page.get_by_label("Document").fill(renamed.replace("[A, B]", "[Z, B]") + "renames: {A: Z}\n")
        page.get_by_role("button", name="Preview").click()

        report = page.locator("#report")
        expect(report).to_contain_text("0 of 6 customers stay")
        expect(report.get_by_role("row", name="First First (renamed) 6")).to_be_visible()
        page.get_by_label("Why").fill("a better name")
        page.get_by_role("button", name="Publish").click()

        expect(page.get_by_role("heading", name="Version 2 a better name")).to_be_visible()
        expect(page.locator("pre.document")).to_contain_text("renames: {A: Z}")
        assert wired.log.publications.of("j")[-1].because == "a better name"
        page.get_by_role("link", name="Version 1").click()
        expect(page.get_by_role("heading", name="Version 1 first")).to_be_visible()


def test_errors_come_with_line_and_column_and_nothing_typed_is_lost(page: Page, database: str, tmp_path: Path) -> None:
    with workspace(database, tmp_path) as (wired, address):
        page.goto(address + login_path(wired, "/rulebooks/j?lang=zh"))
        page.get_by_text("改规则").click()
        page.get_by_label("文档").fill("journey: j\nstagess: []\n")
        page.get_by_role("button", name="预演").click()

        expect(page.get_by_role("alert")).to_contain_text("规则册有错误")
        expect(page.get_by_role("alert")).to_contain_text("行 2:1")
        expect(page.get_by_label("文档")).to_have_value("journey: j\nstagess: []\n")
        expect(page.get_by_role("button", name="发布")).to_have_count(0)


def test_what_was_changed_after_its_preview_is_previewed_again(database: str, tmp_path: Path) -> None:
    with workspace(database, tmp_path) as (wired, address), visitor(wired, address) as client:
        sent = {"document": RULEBOOK + "\n# more\n", "because": "why", "do": "preview"}
        previewed = client.post("/rulebooks/j", data=sent)
        form = _hidden(previewed) | sent | {"do": "publish"}
        again = client.post("/rulebooks/j", data=form | {"document": RULEBOOK + "\n# even more\n"})

        assert again.status_code == 200
        assert "The document was changed after the preview" in again.text
        assert len(wired.log.publications.of("j")) == 1
        assert client.post("/rulebooks/j", data=form).status_code == 303
        assert client.post("/rulebooks/j", data=form).status_code == 303, "sent twice"
        assert len(wired.log.publications.of("j")) == 2


def test_a_draft_based_on_an_older_version_is_refused(database: str, tmp_path: Path) -> None:
    with workspace(database, tmp_path) as (wired, address), visitor(wired, address) as client:
        sent = {"document": RULEBOOK + "\n# mine\n", "because": "why", "do": "preview"}
        form = _hidden(client.post("/rulebooks/j", data=sent)) | sent | {"do": "publish"}
        publish(wired, "j", Draft(RULEBOOK + "\n# theirs\n", "quicker"), by="other", based_on=lambda _: True)
        refused = client.post("/rulebooks/j", data=form)

        assert refused.status_code == 412
        assert "# mine" in refused.text
        assert len(wired.log.publications.of("j")) == 2


def test_the_past_must_be_asked_for_by_name(database: str, tmp_path: Path) -> None:
    with workspace(database, tmp_path) as (wired, address), visitor(wired, address) as client:
        sent = {"document": RULEBOOK + "\n", "effective_from": "2026-01-01T08:00", "do": "preview"}
        assert client.post("/rulebooks/j", data=sent).status_code == 422
        assert client.post("/rulebooks/j", data=sent | {"retroactive": "yes"}).status_code == 200


def test_who_may_not_publish_reads_only(database: str, tmp_path: Path) -> None:
    with (
        workspace(database, tmp_path) as (wired, address),
        visitor_with(wired, address, Wanted("seller", "ai")) as client,
    ):
        page = client.get("/rulebooks/j")
        assert page.status_code == 200
        assert "<textarea" not in page.text
        assert client.post("/rulebooks/j", data={"document": RULEBOOK, "do": "preview"}).status_code == 403


def _hidden(page: httpx.Response) -> dict[str, str]:
    """What a form carries unseen."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text)
    return {name: unescape(value) for name, value in found}
