"""The pages of backtests: asked for, watched, read, filtered, compared; by those who may."""

import re
import time
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pyarrow as pa
from playwright.sync_api import Browser, Page, expect

from api.kept_backtests import KeptBacktest, Wanted
from api.keyring import Wanted as WantedKey
from api.login import login_path
from api.wiring import Service
from tests.api.backtest_example import example_report
from tests.api.pages_world import RULEBOOK, visitor, visitor_with, workspace

CANDIDATE = RULEBOOK.replace("after: 5d", "after: 2d")
NOBODY = UUID(int=7)
"""Nobody has this number: her key is gone."""


def test_a_draft_is_tried_on_history_watched_and_cancelled(page: Page, database: str, tmp_path: Path) -> None:
    with workspace(database, tmp_path) as (wired, address):
        page.goto(address + login_path(wired, "/rulebooks/j"))
        page.get_by_text("Change the rules").click()
        page.get_by_label("Document").fill(CANDIDATE)
        page.get_by_role("button", name="Try it on history").click()

        expect(page).to_have_url(re.compile("/backtests/[0-9a-f-]{36}$"))
        expect(page.get_by_text("waiting its turn")).to_be_visible()
        (asked,), _ = wired.backtests.page(None, 10, "j")
        assert (asked.document, asked.asked["from"], asked.state) == (CANDIDATE, None, "queued")

        runner = uuid4()
        wired.backtests.take(runner)
        wired.backtests.say(asked.id, runner, {"done": 3, "of": 8, "said": "folding"})
        expect(page.get_by_text("3 of 8")).to_be_visible()
        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_text("Cancelled; there is no report.")).to_be_visible()
        assert wired.backtests.one(asked.id).state == "cancelled"


def test_the_report_appears_by_itself_when_it_is_done(page: Page, database: str, tmp_path: Path) -> None:
    with workspace(database, tmp_path) as (wired, address), visitor(wired, address) as client:
        sent = client.post(
            "/backtests/j", data={"document": CANDIDATE, "outcome": "buy", "vary": "moves.back.after=2d，5d"}
        )
        id, runner = UUID(sent.headers["location"][-36:]), uuid4()
        page.goto(address + login_path(wired, f"/backtests/{id}"))
        wired.backtests.take(runner)
        wired.backtests.finish(id, runner, _report(wired), _differing([NOBODY]))

        expect(page.get_by_text("1,136 of 20,000 customers would stand elsewhere.")).to_be_visible()
        asked = wired.backtests.one(id).asked
        assert asked["outcome"] == {"type": "buy", "within": "7d"}
        assert asked["vary"] == {"path": "moves.back.after", "values": ["2d", "5d"]}


def test_errors_come_with_line_and_column_and_nothing_typed_is_lost(database: str, tmp_path: Path) -> None:
    with workspace(database, tmp_path) as (wired, address), visitor(wired, address) as client:
        refused = client.post("/backtests/j?lang=zh", data={"document": "journey: j\nstagess: []\n", "outcome": "buy"})
        unclear = client.post("/backtests/j?lang=en", data={"document": CANDIDATE, "vary": "moves.back.after"})
        no_day = client.post("/backtests/j", data={"document": CANDIDATE, "since": "2026-02-30"})

        assert refused.status_code == 422
        assert "行 2:1" in refused.text
        assert "stagess: []" in refused.text
        assert 'value="buy"' in refused.text
        assert unclear.status_code == 422
        assert "/vary" in unclear.text
        assert no_day.status_code == 422
        assert wired.backtests.page(None, 10) == ([], None)


def test_the_same_form_sent_twice_asks_once_and_changed_it_asks_again(database: str, tmp_path: Path) -> None:
    with workspace(database, tmp_path) as (wired, address), visitor(wired, address) as client:
        form = {"id": "x", "document": CANDIDATE, "until": "2999-01-01", "since": "2026-01-02"}
        pages = [
            client.post("/backtests/j", data=sent).headers["location"] for sent in (form, form, form | {"since": ""})
        ]

        assert pages[0] == pages[1] != pages[2]
        first = wired.backtests.one(UUID(pages[0][-36:])).asked
        assert first["from"] == "2026-01-01T16:00:00Z", "midnight in Shanghai"
        assert first["to"] < "2999", "not ahead of now"


def test_a_band_of_the_flow_shows_whose_it_is(page: Page, database: str, tmp_path: Path) -> None:
    with workspace(database, tmp_path) as (wired, address):
        numbers = [wired.log.reading.number(f"k{n}") or NOBODY for n in range(3)]
        kept = _kept(
            wired,
            _report(wired),
            _differing([*numbers, NOBODY], [("lead", "dormant")] * 2 + [("mql", "dormant"), (None, "lead")]),
        )
        page.goto(address + login_path(wired, f"/backtests/{kept.id}"))
        expect(page.locator("#customers tbody tr")).to_have_count(4)
        expect(page.locator("#customers")).to_contain_text("a customer erased since")

        page.get_by_role("link", name="MQL → Dormant: 333").press("Enter")
        expect(page.locator("#customers tbody tr")).to_have_count(1)
        expect(page.locator("#customers")).to_contain_text("k2")
        expect(page).to_have_url(re.compile(r"published=mql&candidate=dormant#customers$"))
        page.reload()
        expect(page.locator("#customers tbody tr")).to_have_count(1)
        page.get_by_role("link", name="every customer who differs").click()
        expect(page.locator("#customers tbody tr")).to_have_count(4)
        page.get_by_role("link", name="k0").click()
        expect(page).to_have_url(re.compile("/journey/j/customer/k0$"))


def test_the_list_of_who_differs_goes_on_where_it_ended(database: str, tmp_path: Path) -> None:
    with workspace(database, tmp_path) as (wired, address), visitor(wired, address) as client:
        ways = [("lead", "dormant"), (None, "lead")] * 60
        kept = _kept(wired, _report(wired), _differing([NOBODY] * 120, ways))
        first = client.get(f"/backtests/{kept.id}?published=&candidate=lead").text
        (more,) = re.findall(r'hx-get="([^"]*cursor=[^"]*)"', first)
        rest = client.get(more.replace("&amp;", "&")).text

        assert (first.count("a customer erased since"), rest.count("a customer erased since")) == (50, 10)
        assert "cursor=" not in rest


def test_two_reports_stand_side_by_side(page: Page, database: str, tmp_path: Path) -> None:
    with workspace(database, tmp_path) as (wired, address):
        _kept(wired, _report(wired))
        _kept(wired, _report(wired, customers=40_000))
        page.goto(address + login_path(wired, "/backtests/j"))
        page.get_by_role("checkbox").first.check()
        page.get_by_role("button", name="Compare").click()
        expect(page.get_by_role("alert")).to_have_text("Choose exactly two reports that are done.")
        for box in page.get_by_role("checkbox").all():
            box.check()
        page.get_by_role("button", name="Compare").click()

        expect(page.get_by_role("heading", name="Two reports side by side")).to_be_visible()
        expect(page.get_by_role("row", name="Elsewhere 1,136 2,269 +1,133")).to_be_visible()
        expect(page.get_by_role("row", name="Lead · Candidate 3,200 6,400 +3,200")).to_be_visible()


def test_sellers_see_none_of_it_and_auditors_ask_for_nothing(database: str, tmp_path: Path) -> None:
    with workspace(database, tmp_path) as (wired, address):
        kept = _kept(wired, _report(wired))
        one = f"/backtests/{kept.id}"
        of_one = (one, f"{one}/customers", f"{one}/report.json", f"{one}/progress")
        paths = ("/backtests/j", "/backtests/j/more", "/backtests/j/compare", *of_one)
        with visitor_with(wired, address, WantedKey("seller", "ai")) as seller:
            assert {path: seller.get(path).status_code for path in paths} == dict.fromkeys(paths, 403)
            assert "Backtests" not in seller.get("/board/j").text
            assert seller.get(f"/rulebooks/j?backtest={kept.id}").status_code == 403
        with visitor_with(wired, address, WantedKey("auditor", None)) as auditor:
            assert "Backtests" in auditor.get("/board/j").text
            assert "<textarea" not in auditor.get("/backtests/j").text
            assert "would stand elsewhere" in auditor.get(f"/backtests/{kept.id}").text
            assert auditor.post("/backtests/j", data={"document": CANDIDATE}).status_code == 403
            assert auditor.post(f"/backtests/{kept.id}/cancel").status_code == 403


def test_what_is_not_there_or_not_done_is_said(database: str, tmp_path: Path) -> None:
    with workspace(database, tmp_path) as (wired, address), visitor(wired, address) as client:
        nothing = client.get("/backtests/j").text
        nowhere = client.get(f"/backtests/{NOBODY}?lang=zh")
        queued = client.post("/backtests/j", data={"document": CANDIDATE}).headers["location"]
        done = _kept(wired, _report(wired))

        assert "Nothing was tried yet" in nothing
        assert nowhere.status_code == 404
        assert "没有这次回测" in nowhere.text
        assert client.get(f"{queued}/report.json").status_code == 404
        assert client.get(f"/backtests/j/compare?id={done.id}&id={queued[-36:]}").status_code == 409
        assert client.get("/backtests/j/compare?id=x").status_code == 422
        assert client.get(f"/backtests/{done.id}/report.json").json() == done.report
        assert client.get(f"/backtests/{done.id}/customers?cursor=9999999").status_code == 200


def test_a_report_says_its_pictures_in_words_and_leads_to_publishing(page: Page, database: str, tmp_path: Path) -> None:
    unnamed = """[...document.querySelectorAll('svg:not([aria-hidden])')].filter(picture =>
        picture.getAttribute('aria-labelledby').split(' ').some(id => !document.getElementById(id)?.textContent))"""
    ids = "[...document.querySelectorAll('[id]')].map(one => one.id)"
    with workspace(database, tmp_path) as (wired, address):
        kept = _kept(wired, _report(wired))
        page.goto(address + login_path(wired, f"/backtests/{kept.id}"))
        assert page.locator("svg.lines").count() == 7 + 1 + 4, "stages, cards, the measures of the sweep"
        assert page.evaluate(f"{unnamed}.length") == 0
        assert page.evaluate(f"{ids}.length === new Set({ids}).size")

        expect(page.locator(".changes .new")).to_contain_text("after: 2d")
        page.get_by_role("link", name="Publish this candidate").click()
        expect(page.get_by_label("Document")).to_have_value(CANDIDATE)
        expect(page.get_by_role("button", name="Preview")).to_be_visible()


def test_nothing_is_wider_than_a_phone(browser: Browser, database: str, tmp_path: Path) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    with workspace(database, tmp_path) as (wired, address):
        one, other = (_kept(wired, _report(wired, sellers=30), _differing([NOBODY] * 3)) for _ in range(2))
        paths = ("/backtests/j", f"/backtests/{one.id}", f"/backtests/j/compare?id={one.id}&id={other.id}")
        page = context.new_page()
        page.goto(address + login_path(wired, "/"))
        for path, language in product(paths, ("zh", "en")):
            page.goto(f"{address}{path}{'&' if '?' in path else '?'}lang={language}")
            page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
            assert page.evaluate("document.documentElement.scrollWidth") == 390, (path, language)
    context.close()


def test_a_report_of_a_million_opens_in_under_a_second(database: str, tmp_path: Path) -> None:
    with workspace(database, tmp_path) as (wired, address), visitor(wired, address) as client:
        report = _report(wired, customers=1_000_000, days=3_650, sellers=400)
        kept = _kept(wired, report, _differing([NOBODY] * 3_000))
        took = []
        for _ in range(3):
            began = time.perf_counter()
            page = client.get(f"/backtests/{kept.id}")
            took.append(time.perf_counter() - began)

    assert min(took) < 1
    assert len(page.content) < 600_000
    assert max(len(re.findall("[ML]", path)) for path in re.findall(r'class="line \w+" d="([^"]*)"', page.text)) == 200


def _report(wired: Service, **size: int) -> dict[str, Any]:
    known = {"position": wired.log.reading.head(), "at": "2026-03-30T04:00:01Z"}
    return example_report(**size) | {"known": known, "candidate": {"version": 2, "hash": "9f" * 32, "based_on": 1}}


def _kept(wired: Service, report: dict[str, Any], differing: pa.Table | None = None) -> KeptBacktest:
    """A backtest that is done."""
    asked = {"candidate": "9f" * 32, "from": None, "to": "2026-03-30T04:00:00Z", "outcome": None, "vary": None}
    wanted = Wanted(uuid4(), "j", asked, CANDIDATE, "test", b"")
    wired.backtests.keep(wanted, wired.log.reading.now(), report, _differing([]) if differing is None else differing)
    return wired.backtests.one(wanted.id)


def _differing(numbers: Sequence[UUID], stages: Sequence[tuple[str | None, str | None]] = ()) -> pa.Table:
    """Everybody parts when the candidate's timer moves her, on her own day."""
    ways = stages or [("lead", "dormant")] * len(numbers)
    rows = [
        {
            "customer": number.bytes, "published_stage": origin, "candidate_stage": target,
            "published_since": 0, "candidate_since": 86_400_000_000 * day,
            "candidate_at": 86_400_000_000 * day, "candidate_kind": "moved", "candidate_rule": "back",
            "candidate_timer": "after", "candidate_version": 2, "candidate_origin": "B", "candidate_target": "A",
        }
        for day, (number, (origin, target)) in enumerate(zip(numbers, ways, strict=True))
    ]  # fmt: skip
    texts = ("kind", "rule", "timer", "origin", "target", "tag", "opportunity")
    sides = [(f"{side}_{name}", pa.string()) for side in ("published", "candidate") for name in texts]
    whole = [
        (f"{side}_{name}", pa.int64())
        for side in ("published", "candidate")
        for name in ("at", "version", "fact", "since")
    ]
    fields = [("customer", pa.binary(16)), ("published_stage", pa.string()), ("candidate_stage", pa.string())]
    return pa.Table.from_pylist(rows, pa.schema([*fields, *sides, *whole]))
