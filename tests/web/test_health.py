"""`/healthz`, `/readyz`, and the pages that belong to nobody."""

from tests.conftest import StartServer
from tests.web.conversation import CHAT, close_code, hear, join
from tilo_ws.protocol.codes import CloseCode
from tilo_ws.web import keys


async def test_a_server_is_ready(start_server: StartServer) -> None:
    client = await start_server()
    assert (await client.get("/healthz")).status == 200
    response = await client.get("/readyz")
    assert response.status == 200
    assert await response.json() == {"status": "ready", "database": "ok", "redis": "off"}


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
