"""The page of upgrades: workers that are changed, servers that are restarted in turn, a migration beside them."""

from pathlib import Path

from tests import redis_server
from tests.conftest import open_directory
from tests.documents.machine import Machine
from tests.documents.reader import reading
from tests.reliability.server import unused_port
from tilo_ws import resources
from tilo_ws.storage.migrations import read_migrations


async def test_servers_are_upgraded_in_turn(machine: Machine, checkout: Path, database_url: str, port: int) -> None:
    with open_directory() as home, redis_server.running(home) as redis:
        words = {
            "postgresql://tilo:PASSWORD@db.example.com/game": database_url,
            "redis://redis.example.com:6379": redis.url,
            "8765": str(port),
            "8766": str(unused_port()),
            "0007": f"{len(read_migrations(resources.MIGRATIONS)) + 1:04}",
        }
        async with reading("docs/howto/upgrades.md", machine, checkout, words) as reader:
            machine.run(checkout, "./run.sh", "migrate")  # a reader has a database to back up
            await reader.follow("The new version")
            await reader.follow("One process")
            await reader.follow("Workers", 2)
            await reader.hears("2 workers have been changed for new ones")
            await reader.follow_rest()
