"""The page of nginx, on a machine where its directories are the test's own and the certificate is there already."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.deploy import nginx as debian
from tests.deploy.certificate import make_certificate
from tests.documents.machine import Machine
from tests.documents.reader import reading
from tests.eventually import PATIENCE, eventually
from tests.reliability.server import unused_port

pytestmark = pytest.mark.skipif(debian.PROGRAM is None, reason="nginx is not installed: apt-get install nginx")


async def test_nginx_passes_players_on_by_tls(machine: Machine, checkout: Path, server_directory: Path, port: int) -> None:
    configuration = server_directory / "etc" / "nginx"
    certificates = server_directory / "certificates"
    for directory in (configuration / "conf.d", configuration / "sites-enabled", certificates):
        directory.mkdir(parents=True)
    (configuration / "mime.types").symlink_to("/etc/nginx/mime.types")
    make_certificate(certificates)
    machine.variables["SSL_CERT_FILE"] = str(certificates / "fullchain.pem")
    tls, plain = unused_port(), unused_port()
    for file in (checkout / "deploy" / "nginx").iterdir():
        move(
            file,
            {
                "/etc/nginx": str(configuration),
                "/etc/letsencrypt/live/play.example.com": str(certificates),
                "/var/www/html": str(server_directory),
                "/var/log/nginx": str(server_directory),
                "/run/nginx.pid": str(server_directory / "nginx.pid"),
                "127.0.0.1:8765": f"127.0.0.1:{port}",
                "listen 80;": f"listen {plain};",
                "listen [::]:80;": f"listen [::]:{plain};",
                "listen 443 ": f"listen {tls} ",
                "listen [::]:443 ": f"listen [::]:{tls} ",
            },
        )
    machine.add("nginx", f'exec {debian.PROGRAM} -p {server_directory} -c {configuration}/nginx.conf "$@"')

    words = {
        "https://play.example.com": f"https://localhost:{tls}",
        "wss://play.example.com": f"wss://localhost:{tls}",
        "http://play.example.com": f"http://localhost:{plain}",
        "YOUR.NAME": "localhost",
        "/etc/nginx": str(configuration),
        "8765": str(port),
    }
    async with reading("docs/howto/nginx.md", machine, checkout, words) as reader:
        await reader.follow("The server behind it")
        await reader.follow("The certificate")
        await reader.follow("nginx")
        async with started_nginx(machine, server_directory / "nginx.pid"):
            await reader.follow("Is it right?")


def move(file: Path, places: dict[str, str]) -> None:
    """Gives what a file names another place."""
    text = file.read_text()
    for place, other in places.items():
        text = text.replace(place, other)
    if os.geteuid() != 0:
        # Debian's place for bodies of requests is root's.
        text = text.replace("http {", f"http {{ client_body_temp_path {file.parent}/bodies;")
    file.write_text(text)


@contextlib.asynccontextmanager
async def started_nginx(machine: Machine, pid_file: Path) -> AsyncIterator[None]:
    """As systemd does, while the block lasts."""
    process = await asyncio.create_subprocess_exec("nginx", "-g", "daemon off;", env=machine.variables)
    try:
        await eventually(pid_file.read_text, interval=0.01)  # `nginx -t` has made it, empty
        yield
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), PATIENCE)
