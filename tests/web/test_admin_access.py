"""Who may do what in the dashboard: every path of the application, every role; and forms of other pages."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient

from tests.conftest import ADMIN_PASSWORD, Outage, Sql, StartServer
from tests.web.dashboard import PASSWORD, Visitor, logged_in, make_account, visitor
from tilo_ws.services.roles import Role
from tilo_ws.web import keys
from tilo_ws.web.admin.guard import guard

EVERYBODY = None

LEAST: dict[str, Role | None] = {
    "GET /admin/login": EVERYBODY,
    "POST /admin/login": EVERYBODY,
    "POST /admin/logout": Role.VIEWER,
    "POST /admin/logout/everywhere": Role.VIEWER,
    "GET /admin/feed": Role.VIEWER,
    "GET /admin": Role.VIEWER,
    "GET /admin/": Role.VIEWER,
    "GET /admin/clients": Role.VIEWER,
    "GET /admin/clients/{id}": Role.VIEWER,
    "POST /admin/clients/{id}/message": Role.MODERATOR,
    "POST /admin/clients/{id}/kick": Role.MODERATOR,
    "GET /admin/bans": Role.VIEWER,
    "POST /admin/bans": Role.MODERATOR,
    "POST /admin/bans/{id}/lift": Role.MODERATOR,
    "GET /admin/chat": Role.VIEWER,
    "POST /admin/chat/{seq}/delete": Role.MODERATOR,
    "POST /admin/chat/announcements": Role.MODERATOR,
    "POST /admin/chat/slow-mode": Role.MODERATOR,
    "GET /admin/events": Role.VIEWER,
    "GET /admin/audit": Role.VIEWER,
    "GET /admin/audit.csv": Role.VIEWER,
    "GET /admin/settings": Role.VIEWER,
    "POST /admin/events": Role.ADMIN,
    "POST /admin/events/preview": Role.ADMIN,
    "POST /admin/events/{id}/change": Role.ADMIN,
    "POST /admin/events/{id}/end": Role.ADMIN,
    "GET /admin/events/recurring": Role.VIEWER,
    "POST /admin/events/recurring": Role.ADMIN,
    "POST /admin/events/recurring/preview": Role.ADMIN,
    "POST /admin/events/recurring/{id}/change": Role.ADMIN,
    "POST /admin/events/recurring/{id}/enable": Role.ADMIN,
    "POST /admin/events/recurring/{id}/disable": Role.ADMIN,
    "POST /admin/events/recurring/{id}/remove": Role.ADMIN,
    "GET /admin/players": Role.VIEWER,
    "GET /admin/players/refused": Role.VIEWER,
    "GET /admin/players/{email}": Role.VIEWER,
    "POST /admin/players/{email}/score": Role.ADMIN,
    "POST /admin/players/{email}/reset": Role.ADMIN,
    "POST /admin/players/{email}/nickname": Role.ADMIN,
    "POST /admin/players/{email}/forget": Role.ADMIN,
    "GET /admin/accounts": Role.ADMIN,
    "POST /admin/accounts": Role.ADMIN,
    "POST /admin/accounts/{name}/role": Role.ADMIN,
    "POST /admin/accounts/{name}/password": Role.ADMIN,
    "POST /admin/accounts/{name}/totp-off": Role.ADMIN,
    "POST /admin/accounts/{name}/disable": Role.ADMIN,
    "POST /admin/accounts/{name}/enable": Role.ADMIN,
    "POST /admin/accounts/{name}/remove": Role.ADMIN,
    "GET /admin/account": Role.VIEWER,
    "POST /admin/account/password": Role.VIEWER,
    "POST /admin/account/totp": Role.VIEWER,
    "POST /admin/account/totp/confirm": Role.VIEWER,
    "POST /admin/account/totp/off": Role.VIEWER,
}
"""What is meant, written down a second time: nobody opens a path by a slip."""

FIELDS = {
    "type": "score_multiplier",
    "value": "2",
    "duration": "60",
    "kind": "mute",
    "nickname": "Troll",
    "name": "made-by-form",
    "role": "viewer",
    "username": "admin",
    "password": ADMIN_PASSWORD,
    "current": PASSWORD,
    "new": "another password",
    "again": "another password",
    "score": "1",
    "survival_time": "1",
    "message": "Be kind",
    "seconds": "5",
}
"""Enough for every form to do what it is for."""

EVENT = "00000000-0000-4000-8000-000000000001"


def admin_routes(app: web.Application | None) -> Iterator[str]:
    """Method and path of every route of the application below /admin."""
    assert app is not None
    for route in app.router.routes():
        if route.resource and f"{route.resource.canonical}/".startswith("/admin/") and route.method != "HEAD":
            yield f"{route.method} {route.resource.canonical}"


def path_of(route: str) -> str:
    return route.split()[1].format(id=EVENT, name="target", email="target@x.y", seq=1)


async def prepare(client: TestClient[Any, Any], sql: Sql) -> None:
    """What there is to be changed by a form."""
    assert client.app is not None
    await make_account(client, "target", Role.VIEWER)
    sql(f"INSERT INTO global_events VALUES ('{EVENT}', 'm', '2', now(), now() + interval '1 hour')")
    sql(f"INSERT INTO bans (id, kind, nickname, created_by) VALUES ('{EVENT}', 'mute', 'Max', 'zoe')")
    sql(
        "INSERT INTO recurring_events (id, name, type, value, duration, cron, timezone, enabled, due_after)"
        f" VALUES ('{EVENT}', 'r', 'm', '2', 60, '0 20 * * FRI', 'UTC', true, now())"
    )
    for key in (keys.EVENTS, keys.RECURRING_EVENTS, keys.MODERATION):
        await client.app[key].load()
    sql("INSERT INTO players VALUES ('target@x.y', 'Target', 5, 5)")
    sql("INSERT INTO chat_messages VALUES (1, gen_random_uuid(), 'Target', 'target@x.y', 'hi', now())")
    for role in Role:
        await make_account(client, f"a-{role}", role)


def stored(sql: Sql) -> list[Any]:
    """All that the database has, but for the record of actions and the server's own life."""
    tables = sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
    kept = [name for (name,) in tables if name not in ("admin_actions", "server_lease")]
    return [sql(f"SELECT string_agg(t::text, ' ' ORDER BY t::text) FROM {name} t") for name in kept]


async def answer(one: Visitor, route: str, fields: dict[str, str], origin: str | None = None) -> tuple[int, str, str]:
    """Status, where it leads, and text."""
    method, path = route.split()[0], path_of(route)
    data = fields if method == "POST" else None
    headers = {"Origin": origin or one.url}
    async with one.session.request(method, one.url + path, data=data, headers=headers, allow_redirects=False) as response:
        return response.status, response.headers.get("Location", ""), await response.text()


async def test_the_table_of_this_test_has_every_path(start_server: StartServer) -> None:
    client = await start_server()
    assert sorted(admin_routes(client.app)) == sorted(LEAST)


@pytest.mark.parametrize("role", [None, *Role])
async def test_each_role_may_do_what_it_is_for_and_nothing_else(role: Role | None, start_server: StartServer, sql: Sql) -> None:
    client = await start_server()
    await prepare(client, sql)
    refused = 0
    for route in admin_routes(client.app):
        least = LEAST[route]
        async with visitor(client) if role is None else logged_in(client, f"a-{role}") as one:
            before = stored(sql)
            token = {} if role is None else {"csrf_token": await one.token()}
            status, place, text = await answer(one, route, token)
            if least is EVERYBODY:
                assert (status, place) != (303, "/admin/login"), route
            elif role is None:
                assert (status, place) == (303, "/admin/login"), route
            elif role.may(least):
                assert status != 403, (route, text)
                assert place != "/admin/login" or "logout" in route, route
            else:
                refused += 1
                assert status == 403, route
                assert f"This is for the role {least}; you are logged in as {role}." in text
                assert '<nav class="navigation"' in text
                assert stored(sql) == before, route
    rows = sql("SELECT admin, target FROM admin_actions WHERE action = 'refused'")
    assert [admin for admin, _ in rows] == [f"a-{role}"] * refused


async def test_what_asks_for_headers_or_a_websocket_needs_a_login_too(start_server: StartServer) -> None:
    client = await start_server()
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade"}
    for route in admin_routes(client.app):
        if route.startswith("GET") and LEAST[route] is not EVERYBODY:
            for method, headers, refusal in (("HEAD", {}, 303), ("GET", upgrade, 401)):
                answered = await client.request(method, path_of(route), headers=headers, allow_redirects=False)
                assert answered.status == refusal, (method, route)


@pytest.mark.parametrize("name", ["admin", "a-admin"])
async def test_without_the_database_every_page_and_form_has_an_answer(
    name: str, start_server: StartServer, outage: Outage, sql: Sql
) -> None:
    client = await start_server(database_url=outage.dsn)
    await prepare(client, sql)
    async with logged_in(client, name) as one:
        before = stored(sql)
        outage.begin()
        for route in admin_routes(client.app):
            if "logout" not in route:
                for fields in (FIELDS, FIELDS | {"start": "now"}):
                    status, _, text = await answer(one, route, fields | {"csrf_token": await one.token()})
                    assert status in (200, 303, 400, 401, 403, 404, 503), (route, text)
        outage.end()
    assert stored(sql) == before


async def test_a_form_of_another_page_does_nothing(start_server: StartServer, sql: Sql) -> None:
    """Each form: without a token, with another session's, with the right one from another site."""
    client = await start_server()
    await prepare(client, sql)
    forms = [route for route in admin_routes(client.app) if route.startswith("POST") and LEAST[route] is not EVERYBODY]
    assert len(forms) >= 10
    async with logged_in(client) as other, logged_in(client, "a-admin") as one:
        token, wrong = await one.token(), await other.token()
        await one.post("/admin/account/totp")  # a secret that could be confirmed
        before = stored(sql)
        for route in forms:
            for fields, origin in (
                (FIELDS, None),
                (FIELDS | {"csrf_token": ""}, None),
                (FIELDS | {"csrf_token": wrong}, None),
                (FIELDS | {"csrf_token": token}, "https://evil.example"),
                (FIELDS | {"csrf_token": token}, "null"),
            ):
                status, _, _ = await answer(one, route, fields, origin)
                assert status == 403, (route, fields, origin)
                assert stored(sql) == before, route
        assert await one.is_logged_in()
    assert sql("SELECT count(*) FROM admin_actions WHERE action = 'refused'") == [(len(forms) * 5,)]


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
async def test_a_login_from_another_site_is_refused(origin: str, start_server: StartServer) -> None:
    client = await start_server()
    async with visitor(client) as one:
        fields = {"username": "admin", "password": ADMIN_PASSWORD, "csrf_token": await one.token("/admin/login")}
        assert (await answer(one, "POST /admin/login", fields, origin))[0] == 403
        assert not await one.is_logged_in()


@pytest.mark.parametrize("is_chunked", [False, True])
async def test_a_form_that_would_take_long_to_be_read_is_refused(is_chunked: bool, start_server: StartServer) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"%41" * 1000

    client = await start_server()
    data: Any = chunks() if is_chunked else b"%41" * 20_000
    response = await client.post("/admin/login", data=data, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert (response.status, await response.text()) == (413, "this form is too large\n")


async def test_a_path_without_a_line_in_the_table_is_nobodys(aiohttp_client: Any) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        raise AssertionError("reached")

    app = web.Application(middlewares=[guard])
    app.add_routes([web.get("/admin/forgotten", handler), web.post("/admin/{what}", handler)])
    client = await aiohttp_client(app)
    assert (await client.get("/admin/forgotten")).status == 403
    assert (await client.post("/admin/login")).status == 403


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MODERATOR])
async def test_a_section_has_no_feed_for_whom_it_has_no_page(role: Role, start_server: StartServer) -> None:
    client = await start_server()
    await make_account(client, "zoe", role)
    async with logged_in(client, "zoe") as one, logged_in(client) as admin:
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await one.open_feed("accounts")
        await (await one.open_feed("chat")).close()
        await (await admin.open_feed("accounts")).close()


async def test_pages_offer_a_role_only_what_it_may_do(start_server: StartServer) -> None:
    client = await start_server()
    await make_account(client, "zoe", Role.VIEWER)
    async with logged_in(client, "zoe") as one:
        _, text = await one.get("/admin/events")
        assert 'action="/admin/events"' not in text
        assert 'href="/admin/accounts"' not in text
    async with logged_in(client) as one:
        _, text = await one.get("/admin/events")
        assert 'action="/admin/events"' in text
        assert 'href="/admin/accounts"' in text
