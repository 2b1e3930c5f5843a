"""The API's description of itself, and every call of it with whatever the description allows, and more."""

import json
import random
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import web
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.conftest import StartServer
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


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_USUAL = ["", "x", "zoe@example.com", "10.0.0.0/8", "::1", "\0", "mute", "ban", "2030-01-01T00:00:00"]
_TEXTS = st.sampled_from(_USUAL) | st.text(max_size=20)
_VALUES = _TEXTS | st.integers(-(2**70), 2**70) | st.floats() | st.none() | _ANYTHING


def bodies(schema: dict[str, Any], components: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Objects with the fields of a schema, some of them left out, with any values."""
    if schema.get("type") == "array":
        return st.lists(bodies(schema["items"], components), max_size=3) | _ANYTHING
    fields = components[schema["$ref"].rpartition("/")[2]]["properties"]
    return st.fixed_dictionaries({}, optional=dict.fromkeys(fields, _VALUES)) | _ANYTHING


@pytest.mark.parametrize(("method", "path"), sorted(CALLS), ids=lambda part: part.replace("/api/v1/", ""))
async def test_whatever_comes_is_answered_and_never_a_mistake_of_the_server(
    start_server: StartServer, api_headers: Headers, method: str, path: str
) -> None:
    document = description()
    content = document["paths"][path][method.lower()].get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema")
    body = st.none() if schema is None else bodies(schema, document["components"]["schemas"])
    attempts: list[tuple[str, dict[str, str], Any]] = []

    @settings(max_examples=40, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(_TEXTS, st.dictionaries(st.sampled_from(["limit", "before", "x"]), _TEXTS, max_size=2), body)
    def collect(part: str, query: dict[str, str], value: Any) -> None:
        attempts.append((part, query, value))

    collect()
    client = await start_server()
    for part, query, value in attempts:
        target = path.replace("{id}", segment(part)).replace("{seq}", segment(part)).replace("{email}", segment(part))
        text = None if value is None else json.dumps(value)
        response = await client.request(method, target, params=query_of(query), data=text, headers=api_headers)
        assert response.status < 500, (target, query, value, await response.text())
        if response.status >= 400 and method != "HEAD":
            assert (await response.json())["error"].keys() == {"code", "message"}


def segment(text: str) -> str:
    return quote(text.encode(errors="replace").decode(), safe="") or str(random.randrange(10))


def query_of(query: dict[str, str]) -> dict[str, str]:
    return {name: value.encode(errors="replace").decode() for name, value in query.items()}
