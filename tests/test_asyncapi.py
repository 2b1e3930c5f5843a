"""The AsyncAPI description of the WebSocket: valid, up to date, and true of what goes over the wire."""

import functools
import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from docs import asyncapi
from tests import npm
from tests.conftest import StartServer
from tests.test_documentation import json_examples
from tests.web.conversation import CHAT, SCORE, Socket, hear, join
from tests.web.test_tokens import SECRET, token
from tilo_ws.protocol import commands
from tilo_ws.web.keys import SLOW_MODE

CORPUS = Path(__file__).parent / "fuzz" / "corpus"


@functools.cache
def validator(message: str) -> jsonschema_rs.Validator:
    """For a message of the description; an object there has no other fields than those named."""
    description = asyncapi.document()
    description["components"] = closed(description["components"])
    return jsonschema_rs.validator_for(
        {"$ref": f"#/components/messages/{message}/payload", "components": description["components"]}, validate_formats=True
    )


def closed(schema: Any) -> Any:
    if isinstance(schema, dict):
        inside = {key: closed(value) for key, value in schema.items()}
        return inside | {"additionalProperties": False} if "properties" in schema else inside
    return [closed(item) for item in schema] if isinstance(schema, list) else schema


def validate(sender: str, message: dict[str, Any]) -> None:
    validator(f"{sender}.{message['type']}").validate(message)


def names(sender: str) -> set[str]:
    messages = asyncapi.document()["components"]["messages"]
    return {name.removeprefix(f"{sender}.") for name in messages if name.startswith(f"{sender}.")}


def test_it_is_what_the_structs_and_the_protocols_page_say_now() -> None:
    said = "run .venv/bin/python -m docs.asyncapi"
    assert asyncapi.FILE.read_text(encoding="utf-8") == asyncapi.text(), said
    assert set(asyncapi.REPLIES) == names("client")


def test_it_is_valid_by_the_schema_of_asyncapi() -> None:
    schema = npm.installed() / "@asyncapi" / "specs" / "schemas" / "3.0.0.json"
    asyncapi_3 = jsonschema_rs.validator_for(json.loads(schema.read_text()))
    asyncapi_3.validate(asyncapi.document())
    assert not asyncapi_3.is_valid(asyncapi.document() | {"channels": {"game": {"address": 1}}})


def test_every_reference_leads_somewhere() -> None:
    description = asyncapi.document()
    for reference in json.dumps(description).split('"$ref": "#/')[1:]:
        functools.reduce(lambda place, key: place[key], reference.partition('"')[0].split("/"), description)


@pytest.mark.parametrize("sender", ["client", "server"])
def test_the_examples_of_the_protocols_page_fit(sender: str) -> None:
    heading = {"client": "## Client to server", "server": "## Server to client"}[sender]
    examples = [json.loads(example) for example in json_examples(heading)]
    assert {example["type"] for example in examples} == names(sender)
    for example in examples:
        validate(sender, example)


@pytest.mark.parametrize("file", sorted(CORPUS.iterdir()), ids=lambda file: file.name)
def test_a_frame_fits_a_command_exactly_if_the_server_takes_it(file: Path) -> None:
    """Other fields beside those named are ignored, so here they are allowed."""
    components = asyncapi.document()["components"]
    try:
        message = json.loads(file.read_bytes())
        json.dumps(message, ensure_ascii=False).encode()  # refuses halves of characters, as the server does
        schema = {"$ref": f"#/components/messages/client.{message['type']}/payload", "components": components}
        fits = jsonschema_rs.validator_for(schema, validate_formats=True).is_valid(message)
    except (ValueError, TypeError, KeyError, jsonschema_rs.ReferencingError):
        fits = False
    assert fits == (commands.parse(file.read_bytes()).error is None)


class Wire:
    """A player's connection; all that goes over it has to fit the description."""

    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self.types: set[str] = set()

    async def say(self, **command: Any) -> None:
        validate("client", command)
        await self._socket.send_json(command)

    async def hear(self, *types: str) -> dict[str, Any]:
        """Reads until there was one of each type. Returns the one of the first."""
        heard: dict[str, Any] = {}
        while not heard.keys() >= set(types):
            message = await hear(self._socket)
            validate("server", message)
            heard.setdefault(message["type"], message)
        self.types |= heard.keys()
        return heard[types[0]]  # type: ignore[no-any-return]


async def test_what_goes_over_the_wire_fits(start_server: StartServer, api_headers: dict[str, str]) -> None:
    client = await start_server(auth_secret=SECRET)
    wire = Wire(await client.ws_connect("/ws"))
    await wire.hear("online_count", "global_events")

    await wire.say(type="hello", history=10, token=token(name="Zoë", ttl=50), ref=1)
    assert (await wire.hear("welcome"))["player"] is not None
    await wire.hear("token_expiring")
    await wire.say(type="auth", token=token(name="Zoë"), ref="later")
    await wire.hear("ack")
    await wire.say(**CHAT, ref=2)
    chat = await wire.hear("chat", "ack")
    await wire.say(**SCORE, ref=3)
    await wire.hear("ack")
    await wire.say(type="get_leaderboard", watch=True, ref=4)
    assert (await wire.hear("leaderboard"))["entries"]
    await wire.say(type="ping")
    await wire.hear("pong")
    await wire.say(type="ping", ref=5)
    await wire.hear("pong")
    await wire.say(**CHAT | {"message": "x" * 501}, ref=6)
    await wire.hear("error")
    for _ in range(5):
        await wire.say(type="hello", ref=7)
    assert "retry_after" in await wire.hear("error")

    event = {"type": "score_multiplier", "value": 2, "duration": 600}
    assert (await client.post("/api/v1/events", json=event, headers=api_headers)).status == 201
    assert (await wire.hear("global_events"))["events"]
    assert (await client.post("/api/v1/announcements", json={"message": "hi"}, headers=api_headers)).status == 202
    await wire.hear("announcement")
    assert client.app is not None
    await client.app[SLOW_MODE].set(30)
    await wire.hear("limits")
    assert (await client.delete(f"/api/v1/chat/{chat['seq']}", headers=api_headers)).status == 204
    await wire.hear("chat_deleted")

    back = Wire(await join(client))
    await back.say(type="hello", after=0, epoch="other", history=10)
    await back.hear("welcome")

    assert wire.types == names("server")
