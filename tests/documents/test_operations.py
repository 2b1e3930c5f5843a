"""The page of operations, on a machine whose directories are the test's own, without systemd and engines for containers."""

import json
import re
from pathlib import Path

from tests.documents.machine import Machine
from tests.documents.reader import reading
from tests.eventually import eventually
from tests.test_tracing import Collector, collector, collector_url

__all__ = ["collector", "collector_url"]


async def test_accounts_backups_and_traces(
    machine: Machine,
    checkout: Path,
    server_directory: Path,
    port: int,
    database_url: str,
    collector: Collector,
    collector_url: str,
) -> None:
    backups = server_directory / "backups"
    backups.mkdir()
    machine.add("sudo", '[ "$1 $2" = "-u tilo" ] && shift 2 && exec "$@"')
    machine.add("systemctl", '[ "$2" = tilo-ws ]')  # the test itself ends the server
    machine.variables |= {"OTEL_BSP_SCHEDULE_DELAY": "50", "PIP_NO_INDEX": "1"}
    words = {
        "8765": str(port),
        "/var/lib/tilo": str(checkout / "data"),
        "/var/backups": str(backups),
        "postgresql://tilo:PASSWORD@db.example.com/game": database_url,
        "http://127.0.0.1:4318": collector_url,
    }
    async with reading("docs/operations.md", machine, checkout, words) as reader:
        await reader.begins("./run.sh", f"listening on http://localhost:{port}")
        reader.answers = "a password of zoe\n"
        await reader.follow("The dashboard's accounts")
        said = [line for line in reader.outputs[-1].splitlines() if " INFO " not in line]
        added, changed, *accounts, without_code, removed = said
        assert added.startswith("zoe can log in to the dashboard as moderator, with the password ")
        assert changed == "zoe was logged out and has another password"
        assert [account.split()[0] for account in accounts] == ["admin", "zoe"]
        assert without_code == "zoe logs in without a code now"
        assert removed == "zoe was logged out and removed"

        for heading in ("systemd", "PM2", "In a container", "Several with Compose"):
            await reader.follow(heading)
        for name in (".env", "server.env", "site.conf"):
            assert (checkout / "deploy" / name).stat().st_mode & 0o777 == 0o600
        settings = "".join((checkout / "deploy" / name).read_text() for name in (".env", "server.env"))
        assert re.fullmatch(r"POSTGRES_PASSWORD=\w{48}\nTILO_ADMIN_PASSWORD=\w{24}\nTILO_API_KEY=\w{48}\n", settings)
        assert "YOUR.NAME" in (checkout / "deploy" / "site.conf").read_text()
        await reader.follow("Kubernetes")

        await reader.follow("Backup of the embedded database", 1)
        reader.answers = "SELECT version();\n"
        await reader.follow("Backup of the embedded database")
        assert "PostgreSQL 18" in reader.outputs[-1]
        await reader.interrupts()
        await reader.follow("Restore")
        await reader.follow("Export and import")
        assert "imported" in reader.outputs[-1]
        export = (checkout / "tilo.jsonl").read_text(encoding="utf-8").splitlines()
        assert any("create_admin" in line for line in export)
        assert "end" in json.loads(export[-1])

        await reader.follow("Traces")
        await eventually(lambda: collector.names)
