"""Writes `docs/asyncapi.json`, the AsyncAPI 3 description of the WebSocket: `.venv/bin/python -m docs.asyncapi`.

Types and limits are those of the message structs; descriptions and examples are those of `docs/protocol.md`.
"""

import json
import re
import typing
from pathlib import Path
from typing import Any

import msgspec

from tilo_ws import __version__
from tilo_ws.protocol import commands, pushes
from tilo_ws.protocol.codes import ErrorCode

FILE = Path(__file__).with_name("asyncapi.json")
_PROTOCOL = Path(__file__).with_name("protocol.md")

# What answers a command; an `error` can answer each.
REPLIES = {
    "chat": ("chat", "ack"),
    "score_update": ("ack",),
    "get_events": ("global_events",),
    "get_leaderboard": ("leaderboard",),
    "hello": ("welcome",),
    "auth": ("ack",),
    "ping": ("pong",),
}
# What comes in answer alone; all else comes also, or only, by itself.
_ANSWERS = {"ack", "pong", "welcome"}

_SCHEMAS = "#/components/schemas/{name}"
_REF_OF_PAYLOAD = {"correlationId": {"location": "$message.payload#/ref"}}


def document() -> dict[str, Any]:
    """The whole description. A message is `client.<type>` or `server.<type>`, by who sends it."""
    parts = re.split(r"^## (.+)$", _PROTOCOL.read_text(encoding="utf-8"), flags=re.MULTILINE)
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    asked, schemas = _messages("client", command_structs(), sections["Client to server"])
    said, further = _messages("server", push_structs(), sections["Server to client"])
    said["server.error"]["payload"]["properties"]["code"]["enum"] = list(ErrorCode)
    said["server.welcome"]["payload"]["properties"]["messages"]["items"] = {"$ref": "#/components/messages/server.chat/payload"}
    messages = asked | said
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "tilo_ws",
            "version": __version__,
            "description": "Chat, players online, events, scores and a leaderboard of a browser game over one WebSocket.",
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "here": {"host": "localhost:8765", "protocol": "ws"},
            "public": {"host": "play.example.com", "protocol": "wss"},
        },
        "channels": {
            "game": {
                "address": "/ws",
                "description": "One JSON object in each text frame, both ways.",
                "messages": {key: {"$ref": f"#/components/messages/{key}"} for key in messages},
            }
        },
        "operations": _operations(list(said)),
        "components": {"messages": messages, "schemas": schemas | further},
    }


def command_structs() -> dict[str, type[msgspec.Struct]]:
    """What clients send, by its `type`."""
    return {_tag(struct): struct for struct in typing.get_args(commands.Command)}


def push_structs() -> dict[str, type[msgspec.Struct]]:
    """What the server sends, by its `type`."""
    structs = [item for item in vars(pushes).values() if isinstance(item, type) and issubclass(item, msgspec.Struct)]
    # Those with a tag go over the wire; a class that others extend does not.
    return {_tag(struct): struct for struct in structs if struct.__struct_config__.tag and not struct.__subclasses__()}


def _tag(struct: type[msgspec.Struct]) -> str:
    return str(struct.__struct_config__.tag)


def _messages(sender: str, structs: dict[str, type[msgspec.Struct]], documented: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The messages of one side, and the schemas that they refer to."""
    parts = re.split(r"^### `(\w+)`$", documented, flags=re.MULTILINE)
    texts = dict(zip(parts[1::2], parts[2::2], strict=True))
    _, schemas = msgspec.json.schema_components(structs.values(), ref_template=_SCHEMAS)
    return {
        f"{sender}.{type}": _message(type, schemas.pop(struct.__name__), texts[type]) for type, struct in structs.items()
    }, schemas


def _message(type: str, schema: dict[str, Any], text: str) -> dict[str, Any]:
    # Those of a struct are for readers of the code.
    payload = {key: value for key, value in schema.items() if key not in ("title", "description")}
    for name, meaning in re.findall(r"^\| `(\w+)` \|.*?([^|]*) \|$", text, re.MULTILINE):
        if meaning.strip():
            payload["properties"][name]["description"] = _plain(meaning)
    return {
        "name": type,
        "description": _plain(text.strip().partition("\n\n")[0]),
        **(_REF_OF_PAYLOAD if "ref" in payload["properties"] else {}),
        "payload": payload,
        "examples": [{"payload": json.loads(example)} for example in re.findall(r"```json\n(.*?)```", text, re.DOTALL)],
    }


def _plain(text: str) -> str:
    """Markdown without its links, which lead to other parts of the page, in one line."""
    return " ".join(re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text).split())


def _operations(said: list[str]) -> dict[str, Any]:
    """What the server does: it receives each command and answers it, and says things by itself."""
    receiving = {
        f"receive.{command}": {
            "action": "receive",
            "channel": {"$ref": "#/channels/game"},
            "messages": [_in_channel(f"client.{command}")],
            "reply": {
                "channel": {"$ref": "#/channels/game"},
                "messages": [_in_channel(f"server.{reply}") for reply in (*replies, "error")],
            },
        }
        for command, replies in REPLIES.items()
    }
    by_itself = [key for key in said if key.removeprefix("server.") not in _ANSWERS]
    sending = {"action": "send", "channel": {"$ref": "#/channels/game"}, "messages": [_in_channel(key) for key in by_itself]}
    return receiving | {"send": sending}


def _in_channel(message: str) -> dict[str, str]:
    return {"$ref": f"#/channels/game/messages/{message}"}


def text() -> str:
    """The file's contents."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
