"""A server with everything in it that a page can show: players, talk, events, bans, accounts and what admins did."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Iterator
from uuid import UUID

import aiohttp
import psycopg2
from psycopg2.extras import Json

from tilo_ws.services.passwords import hashed

PASSWORD = "password of the full house"
"""Of every account but the built-in one."""

VIEWER, WITH_CODES = "noor", "iris"

MAX_SCORE = 20_000
"""To be set as TILO_MAX_SCORE: what is above is refused."""

NAMES = [
    *("Brisk Otter", "Zoë", "Quiet Comet", "نورا", "Lucky Fox", "Old Pine", "Бурый Лис", "Tiny Whale", "Ada", "Kestrel"),
    *("Night Owl", "Juniper", "Ελένη", "Maple", "Rook", "Sunny", "Tilo fan No 1", "Vera", "Wombat", "Xiomara"),
    *("Yuki", "Zephyr", "Amber", "Bolt", "Cleo", "Dune", "Echo", "Fjord", "Gizmo", "Hazel"),
    *("Indigo", "Jazz", "Koala", "Lark", "Moss", "Nova", "Onyx", "Pixel", "Quill", "The longest of all nicknames 321"),
]
TALK = [
    *("hello everybody", "new best: 12,400 on the double multiplier!", "مرحبا، من على القمة؟", "who is on top? 👀"),
    *("me, for another minute", "the double is on, go go go", "nice run 🎉", "one more round", "Ура, рекорд!", "lag, anyone?"),
    *("no, all fine here", "gg", "how do I change my nickname?", "click on it, top right", "three points short. three!"),
    "I was so close to the record and then my cat walked over the keyboard, so if anybody wonders about the seven fives: Miso.",
]
_AGENTS = ["Chrome/140.0 Windows NT 10.0", "Firefox/143.0 X11; Linux", "Safari/18.6 iPhone", "Chrome/140.0 Android 15; Pixel 9"]


def email(number: int) -> str:
    """The address of a player."""
    return f"player{number + 1}@example.com"


def store(dsn: str) -> None:
    """Fills a database with the current schema. The server starts afterwards."""
    with contextlib.closing(psycopg2.connect(dsn)) as connection, connection, connection.cursor() as cursor:
        for statement, rows in _rows():
            cursor.executemany(statement, rows)


def _rows() -> Iterator[tuple[str, list[tuple[object, ...]]]]:
    chance = random.Random(7)
    ids = iter([UUID(int=chance.getrandbits(128), version=4) for _ in range(500)])

    def some() -> str:
        return str(next(ids))

    yield (
        "INSERT INTO players VALUES (%s, %s, %s, %s, now() - make_interval(mins => %s))",
        [(email(n), name, int(18_400 * 0.93**n), 118 - 2 * n, 3 + 7 * n * n) for n, name in enumerate(NAMES)],
    )
    talk = [(n, chance.randrange(len(NAMES)), TALK[n * 7 % len(TALK)]) for n in range(1, 121)]
    yield (
        "INSERT INTO chat_messages VALUES (%s, %s, %s, %s, %s, now() - make_interval(secs => %s), CASE WHEN %s THEN now() END)",
        [(n, some(), NAMES[who], email(who), text, 47 * (121 - n), n % 40 == 33) for n, who, text in talk],
    )
    yield "UPDATE server_identity SET reserved_seq = %s", [(1000,)]
    yield (
        "INSERT INTO global_events VALUES (%s, %s, %s, now() + make_interval(mins => %s), now() + make_interval(mins => %s))",
        [
            *((some(), "score_multiplier", "2", begin, begin + 60) for begin in (-8, 1_320, -1_500, -4_400, -11_600, -14_500)),
            *((some(), "theme", value, begin, begin + 1_440) for value, begin in (("autumn", -700), ("space", -9_000))),
        ],
    )
    yield (
        "INSERT INTO recurring_events VALUES (%s, %s, %s, %s, %s, %s, %s, %s, now())",
        [
            (some(), "Friday double", "score_multiplier", "2", 3_600, "0 20 * * FRI", "Europe/Berlin", True),
            (some(), "Weekend ×1.5", "score_multiplier", "1.5", 172_800, "0 0 * * SAT", "UTC", True),
            (some(), "Lunch break", "score_multiplier", "3", 900, "30 12 * * MON-FRI", "America/New_York", False),
        ],
    )
    yield (
        "INSERT INTO bans (id, kind, email, ip, nickname, reason, created_by, created_at, expires_at) VALUES"
        " (%s, %s, %s, %s, %s, %s, %s, now() - make_interval(mins => %s), now() + make_interval(mins => %s))",
        [
            (some(), "ban", "cheater@example.net", None, None, "scores that nobody can have played", "admin", 90, 10_000),
            (some(), "mute", None, None, "BuyCoinsHere", "advertising, third time", "mika", 26, 34),
            (some(), "shadow_mute", email(11), None, None, "insults", "mika", 300, 1_140),
            (some(), "ban", None, "198.51.100.77", None, "flood of connections", "admin", 1_700, None),
            (some(), "mute", email(17), None, None, None, "mika", 4, 6),
            *((some(), "mute", email(20 + n), None, None, "cool down", "mika", 400 + 90 * n, -30 - 90 * n) for n in range(5)),
        ],
    )
    password = hashed(PASSWORD)
    yield (
        "INSERT INTO admins (name, role, password_hash, totp_secret, created_by, created_at, disabled_at) VALUES"
        " (%s, %s, %s, %s, 'admin', now() - make_interval(days => %s), CASE WHEN %s THEN now() END)",
        [
            (WITH_CODES, "admin", password, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", 61, False),
            ("mika", "moderator", password, None, 40, False),
            (VIEWER, "viewer", password, None, 12, False),
            ("old.hand", "moderator", password, None, 300, True),
        ],
    )
    deeds: list[tuple[str, str, str | None, dict[str, object]]] = [
        ("mika", "login", None, {}),
        ("mika", "mute", "BuyCoinsHere", {"reason": "advertising, third time", "seconds": 3600}),
        ("mika", "delete_chat", "113", {"nickname": "BuyCoinsHere"}),
        ("admin", "start_event", "score_multiplier", {"value": "2", "duration": 3600}),
        ("admin", "failed_login", None, {}),
        ("iris", "correct_score", email(4), {"before": 99_999, "after": 13_763}),
        ("noor", "refused", "POST /admin/bans", {}),
        ("mika", "announce", None, {"message": "Maintenance tonight at 23:00 UTC, some five minutes. Scores are kept."}),
    ]
    yield (
        "INSERT INTO admin_actions VALUES (%s, %s, %s, %s, %s, %s, now() - make_interval(mins => %s))",
        [(some(), *_deed(deeds[n % len(deeds)], n), 4 + 11 * n) for n in range(64)],
    )


def _deed(deed: tuple[str, str, str | None, dict[str, object]], number: int) -> tuple[object, ...]:
    admin, action, target, details = deed
    return admin, f"203.0.113.{10 + number % 4}", action, target, Json(details)


@contextlib.asynccontextmanager
async def players(*urls: str, count: int = len(NAMES)) -> AsyncIterator[list[aiohttp.ClientWebSocketResponse]]:
    """They come in, to each server in turn, some say something, one sends what nobody can have played. All is read."""
    async with aiohttp.ClientSession() as session, contextlib.AsyncExitStack() as stack:
        sockets = []
        for number in range(count):
            socket = await stack.enter_async_context(
                session.ws_connect(f"{urls[number % len(urls)]}/ws", headers=_headers(number))
            )
            name = NAMES[number % len(NAMES)]
            for score in [100, MAX_SCORE + 79_999][: 1 + (number % 6 == 5)]:
                result = {"score": score, "survival_time": 9, "email": email(number), "nickname": name}
                await socket.send_json({"type": "score_update", **result})
            sockets.append(socket)
        readers = [asyncio.create_task(_read(socket)) for socket in sockets]
        for number, socket in enumerate(sockets[:12]):
            await say(socket, number)
        yield sockets
        for reader in readers:
            reader.cancel()


async def say(socket: aiohttp.ClientWebSocketResponse, number: int) -> None:
    """One more message of the player with this number."""
    text = TALK[number * 5 % len(TALK)]
    await socket.send_json({"type": "chat", "nickname": NAMES[number % len(NAMES)], "message": text})


def _headers(number: int) -> dict[str, str]:
    address = f"2001:db8:{number:x}:15::7a3f:{number:x}" if number % 6 == 4 else f"203.0.113.{20 + number}"
    return {"X-Forwarded-For": address, "User-Agent": f"Mozilla/5.0 ({_AGENTS[number % len(_AGENTS)]})"}


async def _read(socket: aiohttp.ClientWebSocketResponse) -> None:
    async for _ in socket:
        pass
