"""The dashboard without a browser: who gets in, what the forms do, what the feed says."""

import asyncio
import re
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestClient

from tests.conftest import ADMIN_PASSWORD, Sql, StartServer
from tests.eventually import PATIENCE

Client = TestClient[Any, Any]


async def token_of(client: Client, path: str) -> str:
    """The token in the page's form."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', await (await client.get(path)).text())
    assert found
    return found[1]


async def log_in(client: Client, password: str = ADMIN_PASSWORD, **headers: str) -> aiohttp.ClientResponse:
    form = {"username": "admin", "password": password, "csrf_token": await token_of(client, "/admin/login")}
    return await client.post("/admin/login", data=form, allow_redirects=False, headers=headers)


async def open_feed(client: Client, section: str) -> aiohttp.ClientWebSocketResponse:
    return await client.ws_connect(f"/admin/feed?section={section}", headers={"Origin": origin(client)})


def origin(client: Client) -> str:
    return f"http://{client.host}:{client.port}"


async def test_without_a_login_every_page_leads_to_the_form(start_server: StartServer) -> None:
    client = await start_server()
    for method, path in (
        ("GET", "/admin"),
        ("GET", "/admin/clients"),
        ("POST", "/admin/events"),
        ("POST", "/admin/events/1/end"),
        ("POST", "/admin/logout"),
    ):
        response = await client.request(method, path, allow_redirects=False)
        assert (response.status, response.headers["Location"]) == (303, "/admin/login"), path
    with pytest.raises(aiohttp.WSServerHandshakeError, match="401"):
        await client.ws_connect("/admin/feed", headers={"Origin": origin(client)})


async def test_the_right_password_opens_the_dashboard(start_server: StartServer) -> None:
    client = await start_server()
    response = await log_in(client)
    assert (response.status, response.headers["Location"]) == (303, "/admin")
    cookie = response.cookies["tilo_admin"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"
    assert not cookie["secure"]
    page = await client.get("/admin")
    assert page.status == 200
    assert page.headers["Cache-Control"] == "no-store"


async def test_behind_tls_the_cookies_are_secure_and_no_other_host_can_have_set_them(start_server: StartServer) -> None:
    client, tls = await start_server(), {"X-Forwarded-Proto": "https"}
    page = await client.get("/admin/login", headers=tls)
    token = page.cookies["__Host-tilo_login"].value
    form = {"username": "admin", "password": ADMIN_PASSWORD, "csrf_token": token}
    for name, status in (("tilo_login", 403), ("__Host-tilo_login", 303)):
        cookies = {"Cookie": f"{name}={token}"}
        response = await client.post("/admin/login", data=form, allow_redirects=False, headers=tls | cookies)
        assert response.status == status
    cookie = response.cookies["__Host-tilo_admin"]
    assert (cookie["secure"], cookie["path"], cookie["httponly"], cookie["samesite"]) == (True, "/", True, "Strict")
    assert response.headers["Strict-Transport-Security"] == "max-age=31536000"


async def test_only_a_trusted_proxy_can_say_that_there_is_tls(start_server: StartServer) -> None:
    response = await log_in(await start_server(trusted_proxies=()), **{"X-Forwarded-Proto": "https"})
    assert not response.cookies["tilo_admin"]["secure"]
    assert "Strict-Transport-Security" not in response.headers


async def test_a_brute_forced_login_runs_out_of_attempts(start_server: StartServer) -> None:
    client = await start_server()
    texts = [await (await log_in(client, "wrong")).text() for _ in range(6)]
    for left, text in zip((4, 3, 2), texts, strict=False):
        assert f"Wrong password. {left} attempts left." in text
    assert "Wrong password. 1 attempt left." in texts[3]
    assert "Too many attempts." in texts[5]
    assert "Too many attempts." in await (await log_in(client)).text(), "the right password does not help now"


async def test_a_login_from_another_site_is_refused(start_server: StartServer) -> None:
    client = await start_server()
    form = {"username": "admin", "password": ADMIN_PASSWORD}
    for token in ({}, {"csrf_token": ""}, {"csrf_token": "made up"}):
        response = await client.post("/admin/login", data=form | token, allow_redirects=False)
        assert response.status == 403
        assert "tilo_admin" not in response.cookies


async def test_session_fixation_fails_as_a_login_gets_a_session_of_its_own(start_server: StartServer) -> None:
    client = await start_server()
    client.session.cookie_jar.update_cookies({"tilo_admin": "planted"})
    response = await log_in(client)
    assert response.cookies["tilo_admin"].value != "planted"


async def test_an_action_without_the_sessions_token_is_refused(start_server: StartServer, sql: Sql) -> None:
    client = await start_server()
    await log_in(client)
    form = {"type": "score_multiplier", "value": "2", "duration": "60"}
    for path in ("/admin/events", "/admin/events/1/end", "/admin/logout"):
        for token in ({}, {"csrf_token": "made up"}):
            assert (await client.post(path, data=form | token, allow_redirects=False)).status == 403
    assert sql("SELECT * FROM global_events") == []
    assert (await client.get("/admin", allow_redirects=False)).status == 200


async def test_an_event_is_started_and_ended_by_form_and_written_down(start_server: StartServer, sql: Sql) -> None:
    client = await start_server()
    await log_in(client)
    token = {"csrf_token": await token_of(client, "/admin")}
    form = {"type": "score_multiplier", "value": "2", "duration": "60"}
    response = await client.post("/admin/events", data=form | token)
    assert "score_multiplier 2 has started." in await response.text()
    [(id, seconds)] = sql("SELECT id, extract(epoch FROM expires_at - now())::int FROM global_events")
    assert 55 <= seconds <= 61

    response = await client.post(f"/admin/events/{id}/end", data=token)
    assert "score_multiplier 2 has ended." in await response.text()
    assert sql("SELECT id FROM global_events WHERE expires_at > now()") == []
    assert sql("SELECT admin, action, target FROM admin_actions ORDER BY created_at") == [
        ("admin", "login", ""),
        ("admin", "start_event", str(id)),
        ("admin", "end_event", str(id)),
    ]
    assert "was over already" in await (await client.post(f"/admin/events/{id}/end", data=token)).text()


@pytest.mark.parametrize(
    ("field", "value"), [("type", " "), ("value", ""), ("duration", "0"), ("duration", "-1"), ("duration", "x")]
)
async def test_a_faulty_event_is_explained_on_the_page(field: str, value: str, start_server: StartServer, sql: Sql) -> None:
    client = await start_server()
    await log_in(client)
    form = {"type": "m", "value": "2", "duration": "60", "csrf_token": await token_of(client, "/admin")} | {field: value}
    assert f"Not started. {field}: " in await (await client.post("/admin/events", data=form)).text()
    assert sql("SELECT * FROM global_events") == []


async def test_the_feed_tells_the_state_at_once_and_every_second(start_server: StartServer) -> None:
    client = await start_server()
    await log_in(client)
    player = await client.ws_connect("/ws", headers={"User-Agent": "Test/1", "X-Forwarded-For": "203.0.113.7"})
    await player.send_json({"type": "chat", "nickname": "Zoë", "message": "<script>", "ref": 1})
    clients, chat = await open_feed(client, "clients"), await open_feed(client, "chat")
    first = await clients.receive_json(timeout=PATIENCE)
    assert (first["type"], first["online"], first["database"], first["connections_total"]) == ("snapshot", 1, "ok", 1)
    frames = [await chat.receive_json(timeout=PATIENCE) for _ in range(3)]
    assert [message["message"] for frame in frames for message in frame["chat"]] == ["<script>"]
    [connection] = (await clients.receive_json(timeout=PATIENCE))["connections"]
    assert (connection["nickname"], connection["ip"], connection["user_agent"]) == ("Zoë", "203.0.113.7", "Test/1")


@pytest.mark.parametrize(
    ("section", "part"),
    [
        ("", set()),
        ("overview", {"stats", "servers", "own_id", "history"}),
        ("clients", {"connections", "connections_total", "servers", "silent_servers", "place", "sort"}),
        ("bans", {"bans", "bans_total", "place"}),
        ("chat", {"chat", "chat_total", "chat_deleted", "slow_mode"}),
        ("events", {"events"}),
        ("players", {"players"}),
    ],
)
async def test_the_feed_sends_only_what_its_page_needs(section: str, part: set[str], start_server: StartServer) -> None:
    client = await start_server()
    await log_in(client)
    feed = await open_feed(client, section)
    for _ in range(2):
        frame = await feed.receive_json(timeout=PATIENCE)
        head = {"type", "server_time", "version", "online", "database", "redis", "loop_lag_ms"}
        assert set(frame) == head | part


async def test_a_section_that_does_not_exist_has_no_feed(start_server: StartServer) -> None:
    client = await start_server()
    await log_in(client)
    with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
        await open_feed(client, "secrets")


@pytest.mark.parametrize("path", ["/admin", "/admin/clients", "/admin/chat", "/admin/events", "/admin/players"])
async def test_a_page_is_marked_in_the_navigation(path: str, start_server: StartServer) -> None:
    client = await start_server()
    await log_in(client)
    text = await (await client.get(path)).text()
    assert re.findall(r'<a href="([^"]+)" aria-current="page">', text) == [path]


async def test_a_cross_site_websocket_to_the_feed_is_refused(start_server: StartServer) -> None:
    client = await start_server()
    await log_in(client)
    for headers in ({}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await client.ws_connect("/admin/feed", headers=headers)


async def test_logging_out_ends_the_session_and_its_feed(start_server: StartServer) -> None:
    client = await start_server()
    response = await log_in(client)
    secret = response.cookies["tilo_admin"].value
    feed = await client.ws_connect("/admin/feed", headers={"Origin": origin(client)})
    response = await client.post("/admin/logout", data={"csrf_token": await token_of(client, "/admin")}, allow_redirects=False)
    assert response.headers["Location"] == "/admin/login"
    while (await feed.receive(timeout=PATIENCE)).type is aiohttp.WSMsgType.TEXT:
        pass
    assert feed.close_code == 4401
    client.session.cookie_jar.update_cookies({"tilo_admin": secret})
    assert (await client.get("/admin", allow_redirects=False)).status == 303


async def test_an_open_dashboard_hears_a_burst_as_a_sample(start_server: StartServer) -> None:
    client = await start_server(chat_rate=0, command_rate=0)
    await log_in(client)
    feed = await open_feed(client, "chat")
    player = await client.ws_connect("/ws")
    for number in range(200):
        await player.send_json({"type": "chat", "nickname": "Zoë", "message": str(number), "ref": number})
    shown: list[str] = []
    skipped = 0
    while not shown or shown[-1] != "199":
        snapshot = await asyncio.wait_for(feed.receive_json(), PATIENCE)
        shown += [message["message"] for message in snapshot["chat"]]
        skipped += snapshot["chat_total"] - len(snapshot["chat"])
    assert len(shown) + skipped == 200
    assert skipped > 0


async def test_logins_failed_ones_and_logouts_are_written_down(start_server: StartServer, sql: Sql) -> None:
    client = await start_server()
    await log_in(client, "wrong")
    await log_in(client)
    await client.post("/admin/logout", data={"csrf_token": await token_of(client, "/admin")})
    rows = sql("SELECT admin, ip, action FROM admin_actions ORDER BY created_at")
    assert rows == [("admin", "127.0.0.1", action) for action in ("failed_login", "login", "logout")]
