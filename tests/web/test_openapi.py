"""The API's description of itself, and every call of it with whatever the description allows, and more."""

import asyncio
import json
import sys
from pathlib import Path

import websockets
from aiohttp import web

from tests.conftest import API_KEY, StartServer
from tests.web.conversation import CHAT, SCORE
from tilo_ws.web.api.openapi import CALLS, description
from tilo_ws.web.routes import add_routes

Headers = dict[str, str]


def test_exactly_the_calls_that_there_are_are_described() -> None:
    app = web.Application()
    add_routes(app)
    routes = {
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.resource and route.method != "HEAD" and route.resource.canonical.startswith("/api/")
    }
    assert set(CALLS) == routes


def test_every_reference_leads_to_a_schema() -> None:
    document = description()
    text = json.dumps(document)
    names = {part.partition('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert names == set(document["components"]["schemas"])
    assert "NewScore" in names


async def test_the_description_is_served(start_server: StartServer, api_headers: Headers) -> None:
    client = await start_server()
    response = await client.get("/api/v1/openapi.json", headers=api_headers)
    assert (response.status, (await response.json())["openapi"]) == (200, "3.1.0")
    assert (await client.get("/api/v1/openapi.json")).status == 401


_EXAMPLES = 30
"""For each call, beside those that come from every limit of its description."""


async def test_every_call_answers_whatever_comes_as_the_description_says(server_url: str, tmp_path: Path) -> None:
    """Schemathesis asks all calls, also one after the other, with what the description allows and with what it does not."""
    async with websockets.connect(server_url.replace("http", "ws", 1) + "/ws") as player:
        for command in (CHAT, SCORE):  # so that no list is empty
            await player.send(json.dumps(command))
        said, status = await _fuzzed(server_url, tmp_path)
    assert status == 0, said
    assert f"Tested: {len(CALLS) - 1}\n" in said  # not the one that was read first


async def _fuzzed(server_url: str, directory: Path) -> tuple[str, int | None]:
    """What the fuzzer has said, and its exit status."""
    fuzzer = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{server_url}/api/v1/openapi.json"),
        *("--header", f"Authorization: Bearer {API_KEY}", "--max-examples", str(_EXAMPLES), "--generation-deterministic"),
        # Allowed and refused all the same: a text without a visible letter, an event that ends before it starts.
        *("--checks", "all", "--exclude-checks", "positive_data_acceptance", "--continue-on-failure", "--no-color"),
        cwd=directory,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await fuzzer.communicate()
    return said.decode(), fuzzer.returncode
