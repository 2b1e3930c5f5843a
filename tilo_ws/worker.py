"""`python -m tilo_ws.worker`: one of several server processes, started by the supervisor and by nobody else."""

import argparse
import asyncio
import contextlib
import dataclasses
import os
import socket
import sys
from collections.abc import Sequence

from tilo_ws import background, cli
from tilo_ws.background import Every
from tilo_ws.server import Place, serve
from tilo_ws.settings import Settings
from tilo_ws.workers import ALIVE, READY


def main() -> int:
    """Serves on sockets that it has inherited. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tilo_ws.worker")
    parser.add_argument("--database")
    parser.add_argument("--redis")
    parser.add_argument("count", type=int)
    parser.add_argument("number", type=int)
    parser.add_argument("sockets", type=int, nargs="+")
    options = parser.parse_args()

    async def work(settings: Settings) -> int:
        sockets = [socket.socket(fileno=number) for number in options.sockets]
        os.set_blocking(sys.stdout.fileno(), False)
        async with background.running(Every(1.0, _tell_alive, "telling the supervisor of life")):
            return await serve(share_of(settings, options), _place(str(options.number), sockets))

    return cli.run(work, process=f"worker {options.number} ")


def share_of(settings: Settings, options: argparse.Namespace) -> Settings:
    """The settings of one worker of `count`: joined with the others, and its part of what is limited for the machine."""

    def share(whole: int) -> int:
        return -(-whole // int(options.count))

    return dataclasses.replace(
        settings,
        demo=settings.shows_demo,
        database_url=settings.database_url or options.database,
        redis_url=settings.redis_url or options.redis,
        pool_min=share(settings.pool_min),
        pool_max=share(settings.pool_max),
        max_connections=share(settings.max_connections),
        connect_rate=settings.connect_rate / options.count,
    )


def _place(number: str, sockets: Sequence[socket.socket]) -> Place:
    """Follows what the supervisor says on the standard input; its end says that the place is lost."""
    loop = asyncio.get_running_loop()
    place = Place(number, sockets, _tell_ready, asyncio.Event(), asyncio.Event())

    def on_input() -> None:
        if os.read(sys.stdin.fileno(), 64):
            place.told_to_listen.set()
        else:
            loop.remove_reader(sys.stdin.fileno())
            place.lost.set()

    loop.add_reader(sys.stdin.fileno(), on_input)
    return place


def _tell_alive() -> None:
    # A supervisor that is gone, or does not read, is nothing to tell.
    with contextlib.suppress(BrokenPipeError, BlockingIOError):
        os.write(sys.stdout.fileno(), ALIVE)


def _tell_ready() -> None:
    os.write(sys.stdout.fileno(), READY)


if __name__ == "__main__":
    sys.exit(main())
