"""Debian's nginx with the files of deploy/nginx: only ports, paths and the certificate are others."""

import asyncio
import contextlib
import os
import re
import shutil
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import aiohttp

from tests.command import PROJECT
from tests.deploy.certificate import make_certificate
from tests.eventually import PATIENCE, eventually
from tests.reliability.server import unused_port

FILES = PROJECT / "deploy" / "nginx"
PROGRAM = shutil.which("nginx", path=f"{os.defpath}:/usr/sbin:/usr/local/sbin")


class Nginx:
    """Before servers at these ports of this machine. `port` takes https, `plain_port` http; `tls` trusts its `certificate`.

    `changes` give directives of its files another value.
    """

    def __init__(self, directory: Path, servers: Sequence[int], changes: Mapping[str, str]) -> None:
        self.port = unused_port()
        self.plain_port = unused_port()
        self._directory = directory
        self._changes = changes
        self._process: asyncio.subprocess.Process | None = None
        (directory / "conf.d").mkdir()
        self.certificate = directory / "fullchain.pem"
        self.tls = make_certificate(directory)
        self._write("nginx.conf", "nginx.conf")
        self._write("tilo-ws.conf", "conf.d/tilo-ws.conf")
        [line] = [line for line in (FILES / "tilo-ws.servers").read_text().splitlines() if line.startswith("server ")]
        lines = [line.replace(":8765", f":{port}") for port in servers]
        (directory / "tilo-ws.servers").write_text("\n".join(lines))

    @property
    def url(self) -> str:
        """Where browsers go."""
        return f"https://localhost:{self.port}"

    @property
    def log(self) -> str:
        """What it complains of."""
        return (self._directory / "error.log").read_text()

    def caller(self, source: str) -> aiohttp.ClientSession:
        """Somebody who calls from this address of the machine, with a cookie jar of his own."""
        connector = aiohttp.TCPConnector(local_addr=(source, 0), ssl=self.tls)
        return aiohttp.ClientSession(self.url, connector=connector)

    async def start(self) -> None:
        """Starts it and waits until it listens."""
        assert PROGRAM is not None
        configuration = str(self._directory / "nginx.conf")
        self._process = await asyncio.create_subprocess_exec(
            PROGRAM, "-p", str(self._directory), "-c", configuration, "-g", "daemon off;"
        )
        await eventually(lambda: self.workers() or self._has_ended, interval=0.01)
        assert not self._has_ended, self.log

    async def reload(self) -> None:
        """As `nginx -s reload`: returns when new workers are there and the old ones take nobody any more."""
        assert self._process is not None
        before = self.workers()
        self._process.send_signal(signal.SIGHUP)
        await eventually(lambda: len(self.workers() - before) >= len(before), interval=0.01)
        await eventually(lambda: all(_is_ending(worker) for worker in before), interval=0.01)

    async def end(self) -> None:
        """Ends it at once, with its workers."""
        if self._process is not None and not self._has_ended:
            self._process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(self._process.wait(), PATIENCE)

    @property
    def _has_ended(self) -> bool:
        return self._process is not None and self._process.returncode is not None

    def workers(self) -> set[int]:
        """Its processes that take connections."""
        assert self._process is not None
        pid = self._process.pid
        with contextlib.suppress(FileNotFoundError):
            children = map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
            return {child for child in children if "worker process" in _title(child)}
        return set()

    def _write(self, name: str, place: str) -> None:
        text = (FILES / name).read_text()
        for words, others in {
            "/etc/nginx/modules-enabled": f"{self._directory}/modules-enabled",
            "/etc/nginx/conf.d": f"{self._directory}/conf.d",
            "/etc/nginx/sites-enabled": f"{self._directory}/sites-enabled",
            "/etc/nginx/tilo-ws.servers": f"{self._directory}/tilo-ws.servers",
            "/etc/letsencrypt/live/play.example.com": str(self._directory),
            "/var/www/html": str(self._directory / "html"),
            "/var/log/nginx": str(self._directory),
            "/run/nginx.pid": str(self._directory / "nginx.pid"),
            "listen 80;": f"listen {self.plain_port};",
            "listen [::]:80;": f"listen [::]:{self.plain_port};",
            "listen 443 ": f"listen {self.port} ",
            "listen [::]:443 ": f"listen [::]:{self.port} ",
        }.items():
            text = text.replace(words, others)
        if os.geteuid() != 0:
            # Debian's place for bodies of requests is root's.
            text = text.replace("http {", f"http {{ client_body_temp_path {self._directory}/bodies;")
        for directive, value in self._changes.items():
            text = re.sub(rf"\b{directive} .+;", f"{directive} {value};", text)
        (self._directory / place).write_text(text)


def _title(pid: int) -> str:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/cmdline").read_text()
    return ""


def _is_ending(worker: int) -> bool:
    return _title(worker) == "" or "shutting down" in _title(worker)


@contextlib.asynccontextmanager
async def proxying(directory: Path, servers: Sequence[int], **changes: str) -> AsyncIterator[Nginx]:
    """Runs while the block lasts. `changes` give directives of its files another value."""
    nginx = Nginx(directory, servers, changes)
    try:
        await nginx.start()
        yield nginx
    finally:
        await nginx.end()
