"""Where the client library's scenarios are played: a server, a line to it that can be cut, and a remote control for both."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.command import output
from tests.reliability.server import Server, serving
from tilo_ws import resources

_API_KEY = "key"


class Line:
    """A TCP relay to a port of this machine. Swallowing, it brings nothing back; cut, it refuses everybody."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._ends: set[asyncio.StreamWriter] = set()
        self._listener: asyncio.Server | None = None
        self._swallowing = False
        self.port = 0

    async def mend(self) -> None:
        """Takes connections and relays both ways, at the same port each time."""
        self._swallowing = False
        self._listener = await asyncio.start_server(self._relay, "127.0.0.1", self.port)
        self.port = self._listener.sockets[0].getsockname()[1]

    def swallow(self) -> None:
        """From now on nothing comes back."""
        self._swallowing = True

    def cut(self) -> None:
        """Drops every connection and takes no more."""
        if self._listener is not None:
            self._listener.close()
        for end in self._ends:
            end.transport.abort()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._target)
        ends = {writer, there_writer}
        self._ends |= ends
        await asyncio.gather(self._pass(reader, there_writer), self._pass(there_reader, writer, back=True))
        self._ends -= ends

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, back: bool = False) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65_536):
                if not (back and self._swallowing):
                    writer.write(data)
        writer.close()


class Stage:
    """`line` and `direct` are WebSocket addresses; `control` is the http address of the remote control and of `/static`."""

    def __init__(self, server: Server, line: Line) -> None:
        self._server = server
        self._line = line
        self._actions = {
            "cut": self._cut,
            "mend": line.mend,
            "swallow": self._swallow,
            "restart": self._restart,
            "restore": self._restore,
            "event": self._start_event,
        }
        self.line = f"ws://127.0.0.1:{line.port}/ws"
        self.direct = f"ws://127.0.0.1:{server.port}/ws"
        self.control = ""

    def application(self) -> web.Application:
        """`POST /{action}` does it and answers when it is done; an empty page, the library and the scenarios are served."""
        app = web.Application()
        app.add_routes(
            [
                web.get("/", self._page),
                web.static("/static", resources.STATIC),
                web.static("/scenarios", Path(__file__).parent),
                web.post("/{action}", self._act),
            ]
        )
        return app

    async def _page(self, request: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><title>stage</title>", content_type="text/html")

    async def _act(self, request: web.Request) -> web.Response:
        await self._actions[request.match_info["action"]]()
        return web.Response()

    async def _cut(self) -> None:
        self._line.cut()

    async def _swallow(self) -> None:
        self._line.swallow()

    async def _restart(self) -> None:
        assert await self._server.end(signal.SIGTERM) == 0
        await self._server.start()

    async def _restore(self) -> None:
        """As after a restore from a backup, where numbers could repeat."""
        assert await self._server.end(signal.SIGTERM) == 0
        status, _, log = await output(self._server.directory, "migrate", "--new-epoch")
        assert status == 0, log
        await self._server.start()

    async def _start_event(self) -> None:
        async with (
            aiohttp.ClientSession(headers={"Authorization": f"Bearer {_API_KEY}"}) as session,
            session.post(
                f"http://127.0.0.1:{self._server.port}/api/v1/events",
                json={"type": "score_multiplier", "value": "2", "duration": 600},
            ) as response,
        ):
            assert response.status == 201, await response.text()


@contextlib.asynccontextmanager
async def staged(directory: Path) -> AsyncIterator[Stage]:
    """A stage while the block lasts; the server's files are in `directory`."""
    async with serving(directory, TILO_API_KEY=_API_KEY, TILO_DRAIN_SECONDS="1") as server:
        line = Line(server.port)
        await line.mend()
        stage = Stage(server, line)
        try:
            async with TestServer(stage.application()) as control:
                stage.control = str(control.make_url("")).rstrip("/")
                yield stage
        finally:
            line.cut()
