"""Whatever is asked of a page, in whichever language and width: an answer, and a friendly one."""

from itertools import product
from pathlib import Path

from playwright.sync_api import Browser

from api.board.words import REFUSALS, WORDS
from api.login import login_path
from domain import refusals
from tests.api.pages_world import visitor, workspace

QUESTIONS = {
    "/": ("lang",),
    "/today/j": ("on", "known_at", "staff", "kind", "lang"),
    "/today/j/cards": ("start", "open", "on"),
    "/board/j": ("as_of",),
    "/board/j/stages/A": ("cursor",),
    "/rulebooks/j": ("version", "backtest"),
    "/backtests/j": ("lang",),
    "/backtests/j/more": ("before",),
    "/backtests/j/compare": ("id",),
    "/journey/j/customer/k1": ("as_of", "known_at", "trail", "steps", "facts"),
}
PAGES = ("/today/j", "/board/j", "/rulebooks/j", "/backtests/j", "/journey/j/customer/k1")
TEXTS = ("", "garbage", "-1", "0", "9" * 30, "0001-01-01", "9999-12-31", "2026-02-30", "2026-03-01T25:00", "%00", "🜚",
         "2026-03-01T12:00:00+99:99", "' or 1=1", "2026-11-01T12:00:00.1234567Z")  # fmt: skip
ELSEWHERE = ("/today/x", "/board/x", "/rulebooks/x", "/backtests/x", "/backtests/%00", "/journey/x/customer/k1",
             "/journey/j/customer/nobody", "/board/j/stages/x?cursor=x", "/today/%00",
             "/journey/j/customer/%00")  # fmt: skip


def test_no_question_breaks_a_page(database: str, tmp_path: Path) -> None:
    with workspace(database, tmp_path) as (wired, address), visitor(wired, address) as client:
        asked = [f"{path}?{name}={text}" for path, names in QUESTIONS.items() for name in names for text in TEXTS]
        answers = {path: client.get(path, follow_redirects=True) for path in asked}

    assert {path: answer.status_code for path, answer in answers.items() if answer.status_code not in (200, 422)} == {}
    assert all("text/html" in answer.headers["content-type"] for answer in answers.values())


def test_what_is_not_there_is_said_on_a_page(database: str, tmp_path: Path) -> None:
    with workspace(database, tmp_path) as (wired, address), visitor(wired, address) as client:
        answers = {path: client.get(path) for path in ELSEWHERE}
        chinese = client.get("/today/x?lang=zh").text

    assert {answer.status_code for answer in answers.values()} <= {404, 422}
    assert all('role="alert"' in answer.text and "<header>" in answer.text for answer in answers.values())
    assert "没有这个旅程" in chinese


def test_a_session_that_ended_leads_a_part_of_a_page_to_the_login(database: str, tmp_path: Path) -> None:
    with workspace(database, tmp_path) as (wired, address), visitor(wired, address) as client:
        client.cookies.clear()
        current = {"hx-request": "true", "hx-current-url": f"{address}/today/j?staff=ai"}
        answer = client.get("/today/j/cards", headers=current)

    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/login?to=/today/j%3Fstaff%3Dai")


def test_a_name_that_looks_like_a_tag_stays_a_name(database: str, tmp_path: Path) -> None:
    with workspace(database, tmp_path) as (wired, address), visitor(wired, address) as client:
        for path in ("/today/j?staff=<b>x", "/today/j?kind=<b>x", "/board/j?as_of=<b>x", "/journey/j/customer/<b>x"):
            assert "<b>x" not in client.get(path).text


def test_nothing_is_wider_than_a_phone(browser: Browser, database: str, tmp_path: Path) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    with workspace(database, tmp_path) as (wired, address):
        page = context.new_page()
        page.goto(address + login_path(wired, "/"))
        for path, language in product(PAGES, ("zh", "en")):
            page.goto(f"{address}{path}?lang={language}")
            page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
            assert page.evaluate("document.documentElement.scrollWidth") == 390, (path, language)
    context.close()


def test_every_text_is_there_in_both_languages() -> None:
    assert [name for name, (chinese, english) in WORDS.items() if not chinese or not english] == []


def test_every_refusal_of_a_decision_or_question_has_its_chinese_sentence() -> None:
    kinds = (refusals.NotUnderstood, refusals.Conflict, refusals.Unknown, refusals.Unavailable)
    every = [kind for kind in vars(refusals).values() if isinstance(kind, type) and issubclass(kind, kinds)]

    # These belong to calls that no page makes.
    elsewhere = {"FactsUnfit", "UnknownTag", "OpportunityNeverOpen"}
    assert {kind.__name__ for kind in every} - elsewhere <= REFUSALS.keys()
