"""A wired service with an administrator's client, and a real Chromium for the pages."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from psycopg.conninfo import make_conninfo

from api.app import create_app
from api.settings import Settings
from api.wiring import Service, service
from tests.api.served import served
from tests.api.test_service import KEY

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")


@pytest.fixture(scope="module")
def database_for_all(postgres: str, template: str) -> Iterator[str]:
    """One database for all tests of a module, which leave nothing behind that another would see."""
    name = f"module_{uuid4().hex}"
    with psycopg.connect(postgres, autocommit=True) as owner:
        owner.execute(f"create database {name} template {template}".encode())
        yield make_conninfo(postgres, dbname=name)
        owner.execute(f"drop database {name} with (force)".encode())


@pytest.fixture
def wired(database: str, tmp_path: Path) -> Iterator[Service]:
    with service(Settings(home=tmp_path), database) as wired:
        wired.keys.first_admin(KEY)
        yield wired


@pytest.fixture
def client(wired: Service) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {KEY}"}
    with served(create_app(wired)) as address, httpx.Client(base_url=address, headers=headers, timeout=20) as client:
        yield client


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium here (CHROMIUM names one)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in English that asks nobody but us for anything, and reports no error of script or policy."""
    context = browser.new_context(locale="en-US")
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda request: None if "127.0.0.1" in request.url else problems.append(request.url))
    yield page
    context.close()
    refused = "Failed to load resource: the server responded with a status of 4"
    assert [text for text in problems if not text.startswith(("data:", refused))] == []
