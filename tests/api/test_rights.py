"""Who may call what: every route of the service, by role and by whose customer it is about."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import RouteContext, iter_route_contexts

from api.access import RIGHTS, Allowed, Role, UndeclaredRoute, authenticated, refuse_undeclared
from api.app import create_app
from api.boards import cursor_of
from api.keyring import Wanted
from api.opportunity_ids import opportunity_id
from api.settings import Settings
from api.wiring import Service, service
from domain.facts import Fact
from domain.instants import instant
from projections.board import TOP
from tests.api.backtest_example import example_report
from tests.api.served import served
from tests.api.test_kept_backtests import NOBODY, wanted
from tests.api.test_service import KEY, publish
from tests.following import follow as follow_all

RULEBOOK: dict[str, Any] = {
    "journey": "j",
    "stages": [{"id": "A", "initial": True}, {"id": "B"}],
    "moves": [{"id": "go", "from": "A", "to": "B", "after": "5d"}],
    "opportunities": [
        {"id": "talk", "kind": "chat", "title": "聊聊", "when": {"fact": "contact.added"}, "open_for": "3650d"}
    ],
}
MARCH_1 = instant("2026-03-01T00:00:00Z")

ALL, KEYED = "anybody", "ingest seller ops auditor admin"
READERS, LOG_READERS = "seller ops auditor admin", "ops auditor admin"

RETRY = "POST /v1/parked/{position}/retry"

MAY_CALL: Mapping[str, str] = {
    "GET /livez": ALL,
    "GET /readyz": ALL,
    "GET /metrics": ALL,
    "GET /openapi.json": ALL,
    "GET /static/{name}": ALL,
    "GET /login": ALL,
    "POST /login": ALL,
    "POST /logout": ALL,
    "GET /": READERS,
    "GET /board/{journey}": READERS,
    "GET /board/{journey}/stages/{stage}": READERS,
    "GET /journey/{journey}/customer/{customer:path}": READERS,
    "GET /today/{journey}": READERS,
    "GET /today/{journey}/cards": READERS,
    "POST /today/{journey}/cards/{opportunity}": "seller ops admin",
    "POST /journey/{journey}/move/{customer:path}": "seller ops admin",
    "POST /journey/{journey}/void/{position}": "admin",
    "GET /rulebooks/{journey}": READERS,
    "POST /rulebooks/{journey}": "ops admin",
    "GET /backtests/{journey}": LOG_READERS,
    "GET /backtests/{journey}/more": LOG_READERS,
    "GET /backtests/{journey}/compare": LOG_READERS,
    "POST /backtests/{journey}": "ops admin",
    "GET /backtests/{id:uuid}": LOG_READERS,
    "GET /backtests/{id:uuid}/progress": LOG_READERS,
    "GET /backtests/{id:uuid}/customers": LOG_READERS,
    "GET /backtests/{id:uuid}/report.json": LOG_READERS,
    "POST /backtests/{id:uuid}/cancel": "ops admin",
    "GET /v1/backtests": LOG_READERS,
    "POST /v1/backtests": "ops admin",
    "GET /v1/backtests/{id}": LOG_READERS,
    "GET /v1/backtests/{id}/customers": LOG_READERS,
    "GET /v1/backtests/{id}/compare/{other}": LOG_READERS,
    "DELETE /v1/backtests/{id}": "ops admin",
    "GET /v1/me": KEYED,
    "GET /v1/keys": "auditor admin",
    "POST /v1/keys": "admin",
    "DELETE /v1/keys/{id}": "admin",
    "POST /v1/facts": "ingest ops admin",
    "GET /v1/facts": LOG_READERS,
    "GET /v1/facts/{position}": LOG_READERS,
    "POST /v1/facts/{position}/void": "admin",
    "POST /v1/batch": "ingest ops admin",
    "POST /v1/track": "ingest ops admin",
    "POST /v1/identify": "ingest ops admin",
    "POST /v1/page": "ingest ops admin",
    "POST /v1/screen": "ingest ops admin",
    "POST /v1/group": "ingest ops admin",
    "POST /v1/alias": "ingest ops admin",
    "GET /v1/projections": LOG_READERS,
    "POST /v1/projections/{projection}/rebuild": "ops admin",
    "POST /v1/projections/{projection}/pause": "ops admin",
    "POST /v1/projections/{projection}/resume": "ops admin",
    "GET /v1/parked": LOG_READERS,
    RETRY: "ops admin",
    "GET /v1/journeys": READERS,
    "GET /v1/journeys/{journey}/rulebooks": READERS,
    "GET /v1/journeys/{journey}/rulebooks/{number}": READERS,
    "GET /v1/journeys/{journey}/rulebooks/{number}/diagram": READERS,
    "POST /v1/journeys/{journey}/rulebooks": "ops admin",
    "POST /v1/journeys/{journey}/rulebooks/preview": "ops admin",
    "POST /v1/rulebooks/lint": "ops admin",
    "GET /v1/journeys/{journey}/board": READERS,
    "GET /v1/journeys/{journey}/stages/{stage}/customers": READERS,
    "GET /v1/opportunities": READERS,
    "POST /v1/opportunities/{opportunity}/done": "seller ops admin",
    "POST /v1/opportunities/{opportunity}/skip": "seller ops admin",
    "POST /v1/opportunities/{opportunity}/snooze": "seller ops admin",
    "GET /v1/customers": READERS,
    "GET /v1/customers/{customer:path}": READERS,
    "GET /v1/customers/{customer:path}/facts": READERS,
    "GET /v1/customers/{customer:path}/journeys/{journey}": READERS,
    "GET /v1/customers/{customer:path}/journeys/{journey}/trail": READERS,
    "GET /v1/customers/{customer:path}/journeys/{journey}/why": READERS,
    "POST /v1/customers/{customer:path}/journeys/{journey}/stage": "seller ops admin",
}
"""Independent of the code: what the contract says. Without a key a page asks for one, and a call is answered 401."""

BODIES: Mapping[str, Any] = {
    "stage": {"from": "B", "stage": "A", "reason": "she asked"},
    "snooze": {"until": "2099-01-01T00:00:00Z"},
}
"""What it takes to get as far as the customer; elsewhere an empty object will do."""

OWN, ANOTHERS, NOBODYS = "own-c1", "anothers-c2", "nobodys-c3"


@pytest.fixture
def wired(database: str, tmp_path: Path) -> Iterator[Service]:
    """A customer of Zhang, one of Li and one of nobody."""
    with service(Settings(home=tmp_path), database) as wired:
        wired.keys.first_admin(KEY)
        yield wired


@pytest.fixture
def app(wired: Service) -> FastAPI:
    return create_app(wired)


@pytest.fixture
def client(wired: Service, app: FastAPI) -> Iterator[httpx.Client]:
    with served(app) as address, httpx.Client(base_url=address, timeout=20) as client:
        client.headers["Authorization"] = f"Bearer {KEY}"
        assert publish(client, document=RULEBOOK).status_code == 201
        del client.headers["Authorization"]
        for name, staff in ((OWN, "zhang"), (ANOTHERS, "li"), (NOBODYS, None)):
            data = {} if staff is None else {"staff": staff}
            wired.log.intake.append([[Fact("s", name, "contact.added", name, MARCH_1, data=data)]])
        follow(wired)
        yield client


def follow(wired: Service) -> None:
    follow_all(wired.pool, wired.log.reading)


def new_key(wired: Service, role: Role, staff: str = "zhang") -> str:
    return wired.keys.add(Wanted(role, None if role == "ingest" else staff), by=None)[1]


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def session_of(client: httpx.Client, key: str) -> str:
    """The cookie that logging in with a key gives, or none."""
    here = {"Origin": str(client.base_url).rstrip("/")}
    with httpx.Client(base_url=client.base_url) as browser:
        return browser.post("/login", data={"key": key, "to": "/"}, headers=here).cookies.get("trailbook") or ""


def routes_of(app: FastAPI) -> list[tuple[str, RouteContext]]:
    found = []
    for route in iter_route_contexts(app.routes):
        found += [(f"{method} {route.path}", route) for method in sorted((route.methods or set()) - {"HEAD"})]
    return found


def spare_of(wired: Service, route: str) -> str:
    """The id of a backtest, or of a key, that may go."""
    if "backtests" in route:
        backtest = wanted(json.dumps(RULEBOOK))
        report = example_report(100, 2, 2)
        report["candidate"] |= {"version": 2, "based_on": 1}
        wired.backtests.keep(backtest, MARCH_1, report, NOBODY)
        return str(backtest.id)
    return str(wired.keys.add(Wanted("ops"), by=None)[0].id) if "{id}" in route else ""


def path_of(wired: Service, route: str, owner: str, spare: str) -> str:
    number = wired.log.reading.number(owner)
    assert number is not None
    (fact,) = wired.log.reading.customer(owner).facts[:1]
    values = {
        "journey": "j", "stage": "B", "number": 1, "name": "board.css", "id": spare, "other": spare, "customer": owner,
        "projection": "journeys", "position": fact.position,
        "opportunity": opportunity_id(number, "j", "talk", MARCH_1),
    }  # fmt: skip
    return route.partition(" ")[2].replace(":path}", "}").replace(":uuid}", "}").format(**values)


def asked(client: httpx.Client, route: str, path: str, key: str | None, session: str) -> httpx.Response:
    method = route.partition(" ")[0]
    headers = bearer(key) if key is not None and path.startswith("/v1/") else {}
    headers |= {"Cookie": f"trailbook={session}"} if session and not path.startswith("/v1/") else {}
    params = {"cursor": cursor_of(TOP)} if path.startswith("/board/j/stages/") else None
    body = BODIES.get(path.rpartition("/")[2], {}) if method == "POST" else None
    if method == "POST" and not path.startswith(("/v1/", "/log")):
        # A form of a page, sent from here.
        origin = {"Origin": str(client.base_url).rstrip("/")}
        return client.request(method, path, headers=headers | origin, data={"do": "done"})
    return client.request(method, path, headers=headers, params=params, json=body)


def expected(route: str, role: Role | None, owner: str, path: str) -> set[int]:
    """The answers that are right; an empty set stands for anything but 401, 403 and 404."""
    if MAY_CALL[route] == ALL:
        return {401, 403} if route.startswith("POST") else set()
    if role is None or (role == "ingest" and not path.startswith("/v1/")):
        return {401}
    if role not in MAY_CALL[route].split():
        return {403}
    if route == RETRY:
        # Nobody is parked.
        return {404}
    about = "{customer" in route or "{opportunity}" in route
    return {404} if role == "seller" and about and owner != OWN else set()


def test_every_route_answers_each_role_and_owner_as_the_table_says(
    client: httpx.Client, wired: Service, app: FastAPI
) -> None:
    routes = routes_of(app)
    unknown = sorted({route for route, _ in routes} - MAY_CALL.keys())
    assert unknown == [], "say who may call it"
    assert sorted(MAY_CALL.keys() - {route for route, _ in routes}) == []

    roles: tuple[Role | None, ...] = (None, *get_args(Role))
    keys = {role: None if role is None else new_key(wired, role) for role in roles}
    sessions = {role: "" if key is None else session_of(client, key) for role, key in keys.items()}
    wrong = []
    for route, _ in routes:
        for role in roles:
            for owner in (OWN, ANOTHERS, NOBODYS) if "{" in route else (OWN,):
                path = path_of(wired, route, owner, spare_of(wired, route))
                answer = asked(client, route, path, keys[role], sessions[role])
                right = expected(route, role, owner, path)
                if answer.status_code not in right if right else answer.status_code in (401, 403, 404, 500):
                    wrong.append(f"{role} {route} of {owner}: {answer.status_code}, not {right or 'allowed'}")
                if role == "seller" and (ANOTHERS in answer.text or NOBODYS in answer.text):
                    wrong.append(f"{role} {route}: shows a customer of somebody else")
    assert wrong == []


def test_a_customer_of_somebody_else_is_answered_exactly_as_one_that_never_was(
    client: httpx.Client, wired: Service
) -> None:
    key = new_key(wired, "seller")
    for path in ("", "/facts", "/journeys/j", "/journeys/j/trail", "/journeys/j?known_position=2"):
        answers = [client.get(f"/v1/customers/{name}{path}", headers=bearer(key)) for name in (ANOTHERS, "never-was")]
        assert answers[0].status_code == answers[1].status_code == 404
        assert answers[0].json() == answers[1].json()
        assert answers[0].headers.keys() == answers[1].headers.keys()


def test_a_sellers_lists_are_of_own_customers_whatever_is_asked(client: httpx.Client, wired: Service) -> None:
    zhang, wang = new_key(wired, "seller"), new_key(wired, "seller", staff="wang")

    def shown(key: str) -> list[list[str]]:
        params = {"staff": "li"}
        board = client.get("/v1/journeys/j/board", params=params, headers=bearer(key)).json()
        listed = [client.get(path, params=params, headers=bearer(key)).json()["items"]
                  for path in ("/v1/customers", "/v1/opportunities", "/v1/journeys/j/stages/B/customers")]  # fmt: skip
        return [[card["customer"] for column in board["columns"] for card in column["cards"]]] + [
            [item["customer"] for item in items] for items in listed
        ]

    assert shown(zhang) == [[OWN]] * 4
    assert shown(wang) == [[]] * 4
    assert shown(KEY) == [[ANOTHERS]] * 4


def test_who_has_just_changed_hands_is_no_longer_the_former_sellers(client: httpx.Client, wired: Service) -> None:
    zhang, li = new_key(wired, "seller"), new_key(wired, "seller", staff="li")
    handed_over = Fact("s", "over", "staff.assigned", OWN, MARCH_1 + 1, data={"staff": "li"})
    wired.log.intake.append([[handed_over]])

    # The rows still say Zhang.
    assert client.get(f"/v1/customers/{OWN}", headers=bearer(zhang)).status_code == 404
    follow(wired)
    assert client.get(f"/v1/customers/{OWN}", headers=bearer(zhang)).status_code == 404
    assert client.get(f"/v1/customers/{OWN}", headers=bearer(li)).status_code == 200


def test_an_answer_names_the_end_of_the_log_to_a_seller_too(client: httpx.Client, wired: Service) -> None:
    answer = client.get(f"/v1/customers/{OWN}/journeys/j", headers=bearer(new_key(wired, "seller")))

    assert answer.json()["position"] == wired.log.reading.head() == 4


def test_a_route_that_does_not_say_who_may_call_it_keeps_the_service_from_starting() -> None:
    app = FastAPI(docs_url=None, redoc_url=None)
    router = APIRouter(prefix="/v1", dependencies=[Depends(authenticated)])

    @router.delete("/everything")
    def everything() -> None: ...

    app.include_router(router)
    with pytest.raises(UndeclaredRoute, match=r"DELETE /v1/everything"):
        refuse_undeclared(app)


def test_whatever_a_seller_may_read_goes_through_the_query_layer(app: FastAPI) -> None:
    """A seller's rights are rights on own customers, so a read of theirs must be given what they may see."""
    past_it = [
        route
        for route, context in routes_of(app)
        if route.startswith("GET /v1/")
        for dependency in context.dependant.dependencies
        if isinstance(dependency.call, Allowed) and dependency.call.permission in RIGHTS["seller"]
    ]

    assert past_it == []


def test_a_session_ends_with_its_key(client: httpx.Client, wired: Service) -> None:
    key, secret = wired.keys.add(Wanted("seller", "zhang"), by=None)
    page = {"Cookie": f"trailbook={session_of(client, secret)}"}
    board = client.get("/board/j", headers=page)
    wired.keys.revoke(key.id, by=None)

    assert (board.status_code, OWN in board.text, ANOTHERS in board.text) == (200, True, False)
    assert client.get("/board/j", headers=page).status_code == 401


def test_a_cookie_does_not_open_the_api(client: httpx.Client) -> None:
    assert client.get("/v1/me", headers={"Cookie": f"trailbook={session_of(client, KEY)}"}).status_code == 401


def test_a_forged_or_altered_cookie_is_nobodys(client: httpx.Client, wired: Service) -> None:
    admin, seller = session_of(client, KEY), session_of(client, new_key(wired, "seller"))
    swapped = f"{admin.partition('.')[0]}.{seller.partition('.')[2]}"
    for cookie in ("", "x", "..", "x.9.00", swapped, f"{admin[:-1]}x"):
        assert client.get("/board/j", headers={"Cookie": f"trailbook={cookie}"}).status_code == 401, cookie


def test_a_form_from_another_site_neither_logs_in_nor_out(client: httpx.Client) -> None:
    for origin in ("https://elsewhere.example", "null", ""):
        for path in ("/login", "/logout"):
            answer = client.post(path, data={"key": KEY}, headers={"Origin": origin})
            assert (answer.status_code, answer.headers.get("set-cookie")) == (403, None)


def test_a_browser_without_a_session_is_led_to_the_form_and_then_back(client: httpx.Client) -> None:
    led = client.get("/board/j?as_of=2026-03-12", headers={"Accept": "text/html"})

    assert (led.status_code, led.headers["location"]) == (303, "/login?to=/board/j%3Fas_of%3D2026-03-12")
    form = client.get(led.headers["location"])
    assert 'name="to" value="/board/j?as_of=2026-03-12"' in form.text
