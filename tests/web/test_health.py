"""`/healthz`, `/readyz`, and the pages that belong to nobody."""

from tests.conftest import Outage, StartServer
from tests.eventually import eventually
from tests.web.conversation import CHAT, close_code, hear, join
from tilo_ws.protocol.codes import CloseCode
from tilo_ws.web import keys


async def test_a_server_is_ready(start_server: StartServer) -> None:
    client = await start_server()
    assert (await client.get("/healthz")).status == 200
    response = await client.get("/readyz")
    assert response.status == 200
    parts = {"database": "ok", "redis": "off", "chat": "ok", "scores": "ok"}
    assert await response.json() == {"status": "ready", **parts, "reasons": {}}


async def test_each_part_that_is_not_well_has_its_reason(start_server: StartServer, outage: Outage) -> None:
    client = await start_server(database_url=outage.dsn)
    assert client.app is not None
    outage.begin()
    await (await join(client)).send_json(CHAT)
    commit = client.app[keys.CHAT].commit
    await eventually(lambda: commit.failing)
    response = await client.get("/readyz")
    state = await response.json()
    reasons = state.pop("reasons")
    assert response.status == 200, "players are still served"
    assert state == {"status": "degraded", "database": "away", "redis": "off", "chat": "failing", "scores": "ok"}
    assert reasons.keys() == {"database", "chat"}
    assert "No such file or directory" in reasons["database"]
    outage.end()
    await eventually(lambda: not commit.failing)
    assert (await (await client.get("/readyz")).json())["reasons"] == {}


async def test_a_server_that_ends_takes_nobody_and_sends_everybody_away(start_server: StartServer) -> None:
    client = await start_server()
    socket = await join(client)
    await socket.send_json(CHAT | {"message": "last words", "ref": 1})
    await hear(socket, "chat")
    assert client.app is not None
    await client.app[keys.LIFECYCLE].drain()
    await hear(socket, "ack", ref=1)  # its write is acknowledged first
    assert await close_code(socket) == CloseCode.SERVICE_RESTART
    response = await client.get("/readyz")
    assert (response.status, (await response.json())["status"]) == (503, "draining")
    assert (await client.get("/ws", headers={"Upgrade": "websocket", "Connection": "Upgrade"})).status == 503


async def test_the_root_is_the_demo_or_a_line(start_server: StartServer) -> None:
    client = await start_server(demo=True)
    assert (await client.get("/")).content_type == "text/html"
    await client.close()
    line = await (await start_server()).get("/")
    assert (line.content_type, (await line.text()).startswith("tilo_ws ")) == ("text/plain", True)


async def test_the_client_library_is_served(start_server: StartServer) -> None:
    client = await start_server()
    response = await client.get("/static/websocket-client.js")
    assert response.status == 200
    assert "javascript" in response.content_type
    assert "TiloWebSocket" in await response.text()
    types = await client.get("/static/websocket-client.d.ts")
    assert "declare class TiloWebSocket" in await types.text()


async def test_nothing_outside_static_is_served(start_server: StartServer) -> None:
    client = await start_server()
    for path in ("/static/../setup.cfg", "/static/%2e%2e/setup.cfg", "/static/..%2fsetup.cfg", "/static//etc/passwd"):
        assert (await client.get(path)).status in (403, 404)


async def test_every_answer_has_the_security_headers(start_server: StartServer) -> None:
    client = await start_server(demo=True)
    for path in ("/", "/admin/login", "/static/websocket-client.js", "/nowhere"):
        headers = (await client.get(path)).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"], path
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
