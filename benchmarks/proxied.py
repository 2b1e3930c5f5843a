"""10,000 players behind the nginx of deploy/, over TLS: whether all come in and hear everything, and what nginx takes for it.

.venv/bin/python -m benchmarks.proxied            10,000 players, two messages a second, about three minutes
.venv/bin/python -m benchmarks.proxied 3000 10    other numbers
"""

import asyncio
import contextlib
import json
import os
import resource
import sys
import tempfile
from pathlib import Path
from typing import Any

import psutil

from benchmarks.servers import PROJECT, Server, cpu_s, tilo
from tests.deploy.nginx import Nginx, proxying
from tilo_ws import process_limits

SECONDS = 20
CONNECT_SECONDS = 120
LISTEN_SECONDS = CONNECT_SECONDS + SECONDS + 10
"""How long the half that only listens stays: until the other half has come in and said everything."""


class Measured:
    """CPU seconds and resident bytes of nginx's workers."""

    def __init__(self, nginx: Nginx) -> None:
        workers = nginx.workers()
        self.cpu_s = sum(map(cpu_s, workers))
        self.resident = sum(psutil.Process(worker).memory_info().rss for worker in workers)


async def play(nginx: Nginx, **plan: float) -> dict[str, Any]:
    """Runs the load player, which trusts nginx's certificate, and returns its report."""
    options = [word for name, value in plan.items() for word in (f"--{name}", f"{value:g}")]
    player = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tilo_ws", "load", "--json", "--url", f"wss://localhost:{nginx.port}/ws", *options),
        cwd=PROJECT,
        env=os.environ | {"SSL_CERT_FILE": str(nginx.certificate)},
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await player.communicate()
    report: dict[str, Any] = json.loads(out)
    return report


async def connected(server: Server, count: int) -> None:
    """Waits until so many are in."""
    async with asyncio.timeout(CONNECT_SECONDS):
        while server.stats()["connections"] < count:
            await asyncio.sleep(0.5)


async def measure(server: Server, directory: Path, count: int, rate: float) -> None:
    """Prints the figures. Two processes play, as one may not have so many files open."""
    # A worker may not raise its limit above that of who starts it, and this machine's may be below that of the file.
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    changes = {"worker_processes": "2", "worker_rlimit_nofile": str(most), "worker_connections": str(most - 100)}
    async with proxying(directory, [server.port], **changes) as nginx:
        before = Measured(nginx)
        listening = asyncio.create_task(play(nginx, clients=count // 2, rate=0, seconds=LISTEN_SECONDS))
        await connected(server, count // 2)
        speaking = asyncio.create_task(play(nginx, clients=count - count // 2, rate=rate, seconds=SECONDS))
        await connected(server, count)
        idle = Measured(nginx)
        server_cpu_s = server.cpu_s()
        spoken = await speaking
        after = Measured(nginx)
        server_cpu_s = server.cpu_s() - server_cpu_s
        cut = count // 2 - server.stats()["connections"] + spoken["closed"]
        listened = await listening
        assert nginx.log == "", nginx.log
    deliveries = spoken["deliveries"] + listened["deliveries"]
    lost = spoken["chat_sent"] * count - deliveries
    nginx_us, server_us = (seconds / deliveries * 1e6 for seconds in (after.cpu_s - idle.cpu_s, server_cpu_s))
    print(f"{count} players came in through nginx, {listened['connects_per_second']:.0f} a second at first")
    print(f"{spoken['chat_sent']} messages, {deliveries:,} deliveries, {lost} lost, {max(0, cut)} connections cut")
    for name, report in (("who spoke", spoken), ("who listened", listened)):
        print(f"delay at {name}: p50 {report['delay']['p50_ms']} ms, p99 {report['delay']['p99_ms']} ms")
    print(f"nginx: {(idle.resident - before.resident) / count / 1000:.1f} kB for each player")
    print(f"CPU of a delivery: nginx {nginx_us:.1f} µs, server {server_us:.1f} µs")


def main() -> None:
    """See above."""
    count, rate = [*map(int, sys.argv[1:]), *(10_000, 2)[len(sys.argv) - 1 :]]
    process_limits.raise_open_files()
    # The load player answers no pings.
    with (
        tempfile.TemporaryDirectory() as directory,
        tilo(TILO_CONNECTION_TIMEOUT="0") as server,
        contextlib.suppress(KeyboardInterrupt),
    ):
        Path(directory).chmod(0o711)
        asyncio.run(measure(server, Path(directory), count, rate))


if __name__ == "__main__":
    main()
