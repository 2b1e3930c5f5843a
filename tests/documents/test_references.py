"""The pages of the API and of security."""

from pathlib import Path

from tests.conftest import API_KEY, StartServer
from tests.documents.machine import Machine
from tests.documents.reader import reading
from tilo_ws.services.passwords import Password


async def test_back_ends_start_events_and_mute(machine: Machine, server_directory: Path, start_server: StartServer) -> None:
    server = await start_server()
    machine.variables["TILO_API_KEY"] = API_KEY
    words = {
        "8765": str(server.port),
        # What differs each time.
        "2a3e82c8-e7b0-4d16-9ad9-7e51981d973f": "…",
        "2026-03-01T18:30:00": "…",
        "2026-03-01T18:40:00": "…",
    }
    async with reading("docs/api.md", machine, server_directory, words) as reader:
        await reader.follow("Events")
        await reader.follow("Bans and mutes")
        assert '"nickname":"Troll"' in reader.outputs[-1]


async def test_a_password_is_hashed(machine: Machine, checkout: Path) -> None:
    async with reading("docs/security.md", machine, checkout, {}) as reader:
        reader.answers = "correct horse\n"
        await reader.follow("A password as a hash")
    assert Password(reader.outputs[-1].strip()).matches("correct horse")
