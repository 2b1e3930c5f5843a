"""The pages of databases: backups, Neon (PgBouncer with TLS stands for it), the game's own table of users."""

from pathlib import Path

import pytest

from tests.deploy.certificate import make_certificate
from tests.documents.machine import Machine
from tests.documents.reader import reading
from tests.reliability import pgbouncer
from tests.reliability.pgbouncer import pooling


async def test_a_backup_brings_everything_back(machine: Machine, checkout: Path, port: int) -> None:
    async with reading("docs/howto/backups.md", machine, checkout, {"8765": str(port)}) as reader:
        await reader.follow_rest()


@pytest.mark.skipif(pgbouncer.PROGRAM is None, reason="PgBouncer is not installed: apt-get install pgbouncer")
async def test_data_move_to_a_hosted_database(
    machine: Machine, checkout: Path, server_directory: Path, empty_database: str, port: int
) -> None:
    make_certificate(server_directory)
    tls = {
        "client_tls_sslmode": "require",
        "client_tls_cert_file": str(server_directory / "fullchain.pem"),
        "client_tls_key_file": str(server_directory / "privkey.pem"),
    }
    for name in ("pooled", "direct"):
        (server_directory / name).mkdir(mode=0o711)
    async with (
        pooling(server_directory / "pooled", empty_database, **tls) as pooled,
        pooling(server_directory / "direct", empty_database, **tls, pool_mode="session") as direct,
    ):
        words = {
            "ep-cool-rain-123456-pooler.eu-central-1.aws.neon.tech": f"localhost:{pooled.port}",
            "ep-cool-rain-123456.eu-central-1.aws.neon.tech": f"localhost:{direct.port}",
            "/etc/ssl/certs/ca-certificates.crt": str(server_directory / "fullchain.pem"),
            "8765": str(port),
        }
        machine.run(checkout, "./run.sh", "admin", "add", "zoe")
        async with reading("docs/howto/neon.md", machine, checkout, words) as reader:
            await reader.follow_rest()
        assert "zoe" in machine.run(checkout, "./run.sh", "admin", "list")


async def test_the_games_own_table_of_users_holds_the_players(
    machine: Machine, checkout: Path, database_url: str, port: int
) -> None:
    words = {"postgresql://tilo:PASSWORD@db.example.com/game": database_url, "8765": str(port)}
    async with reading("docs/howto/users-table.md", machine, checkout, words) as reader:
        await reader.follow_rest()
