"""Attacks on whoever reads the log: lines that nobody wrote, and too many of them."""

import asyncio
import logging
from urllib.parse import urlsplit

import pytest

from tests.conftest import StartServer
from tests.web.conversation import CHAT, SCORE, ask, join
from tests.web.dashboard import visitor
from tests.web.test_attacks import raw


async def test_log_injection_by_line_breaks_makes_no_second_line(
    start_server: StartServer, api_headers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = await start_server()
    socket = await join(client)
    forged = "\nINFO forged\r\nINFO forged\x85\u2028INFO forged"
    await ask(socket, **CHAT | {"nickname": f"a{forged}", "message": f"b{forged}"})
    await ask(socket, **SCORE | {"email": f"a@b{forged}", "nickname": f"a{forged}"})
    ban = {"kind": "mute", "nickname": f"a{forged}", "reason": forged}
    assert (await client.post("/api/v1/bans", json=ban, headers=api_headers)).status == 201
    async with visitor(client) as somebody:
        assert (await somebody.log_in(f"a{forged}b", "x"))[0] == 401
    await client.get("/api/v1/chat/%0aINFO%20forged", headers=api_headers)
    await raw(client, b"GET /ws\x0b HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 1.2.3.4\x0bINFO forged\r\n\r\n", until=b"\r\n\r\n")
    told = [record.getMessage() for record in caplog.records if record.name.startswith("tilo_ws")]
    assert any("forged" in line for line in told)
    assert [line for line in told if len(line.splitlines()) > 1] == []


async def test_requests_that_cannot_be_read_do_not_fill_the_log_with_tracebacks(server_url: str) -> None:
    host, port = str(urlsplit(server_url).hostname), urlsplit(server_url).port
    for head in (b"GET / HTTP/1.1\r\nX: \0\r\n\r\n", b"GET / HTTP/9\r\n\r\n", b"\x16\x03\x01\x02\0\x01"):
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(head)
        assert b" 400 " in await reader.readline()
        writer.close()  # that there was no traceback is seen at the end of this server
