"""`/admin/chat`: what is being said."""

from typing import Any

from aiohttp import web

from tilo_ws.protocol.chat_message import ChatMessage, utc_text
from tilo_ws.web import keys
from tilo_ws.web.admin.feed import Beat
from tilo_ws.web.admin.frame import render

MAX_SHOWN = 50


async def page(request: web.Request) -> web.StreamResponse:
    """`GET /admin/chat`."""
    return await render(request, "chat.html", "chat")


def part(app: web.Application, beat: Beat) -> dict[str, Any]:
    """What is new, at most 50 messages; `chat_skipped` of it were left out."""
    history, first = app[keys.HISTORY], beat.chat_after is None
    messages = [message for message in history.since(beat.chat_after or 0) if message.seq <= beat.chat_through]
    shown = messages[-MAX_SHOWN:]
    return {
        "chat": [_message_fields(message) for message in shown],
        "chat_skipped": 0 if first else len(messages) - len(shown),
    }


def _message_fields(message: ChatMessage) -> dict[str, Any]:
    return {
        "seq": message.seq,
        "id": str(message.id),
        "nickname": message.nickname,
        "message": message.message,
        "timestamp": utc_text(message.created_at),
    }
