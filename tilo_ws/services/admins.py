"""Who may use the dashboard, and what they did there."""

import asyncio
import json
import logging
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from tilo_ws.protocol.addresses import network_of
from tilo_ws.protocol.token_bucket import TokenBucket
from tilo_ws.services.passwords import Password
from tilo_ws.services.roles import Role
from tilo_ws.storage.database import Database

logger = logging.getLogger(__name__)

USERNAME = "admin"

_ATTEMPTS = 5
_SECONDS_FOR_ATTEMPT = 60.0
_MAX_ADDRESSES = 10_000

_ATTEMPTS_IN_ALL = 100
_SECONDS_FOR_ATTEMPT_IN_ALL = 0.6
"""From all addresses together: who has many of them gets no further."""


class Account(NamedTuple):
    """Somebody who may use the dashboard."""

    name: str
    role: Role


class WrongPassword(Exception):
    """The login failed; the text says how to go on."""


class Admins:
    """One account, `admin`. After five wrong passwords a network address has one more attempt a minute.

    Raises ValueError for a password that is a hash and cannot be read.
    """

    def __init__(self, database: Database, password: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._password = Password(password)
        self._comparing = asyncio.Lock()
        self._clock = clock
        self._record = database.query("record_admin_action")
        self._attempts: OrderedDict[str, TokenBucket] = OrderedDict()
        self._attempts_in_all = TokenBucket(1 / _SECONDS_FOR_ATTEMPT_IN_ALL, _ATTEMPTS_IN_ALL, clock())

    async def log_in(self, username: str, password: str, ip: str) -> Account:
        """Raises WrongPassword."""
        place = network_of(ip)
        bucket = self._attempts.setdefault(place, TokenBucket(1 / _SECONDS_FOR_ATTEMPT, _ATTEMPTS, self._clock()))
        self._attempts.move_to_end(place)
        if len(self._attempts) > _MAX_ADDRESSES:
            self._attempts.popitem(last=False)
        now = self._clock()
        if wait := bucket.take(now) or self._attempts_in_all.take(now):
            raise WrongPassword(f"Too many attempts. Try again in {round(wait) or 1} seconds.")
        async with self._comparing:  # one at a time: each takes 32 MiB
            right = await asyncio.to_thread(self._password.matches, password)
        if right and username == USERNAME:
            self._attempts.pop(place, None)
            logger.info("admin %s logged in from %s", username, ip)
            return Account(USERNAME, Role.ADMIN)
        logger.warning("admin login failed from %s", ip)
        left = bucket.left(self._clock())
        raise WrongPassword(f"Wrong password. {left} attempt{'' if left == 1 else 's'} left.")

    async def record(self, admin: str, ip: str, action: str, target: str, **details: object) -> None:
        """Writes down who did what from where."""
        logger.info("admin %s from %s: %s %s %s", admin, ip, action, target, details)
        await self._record(id=str(uuid4()), admin=admin, ip=ip, action=action, target=target, details=json.dumps(details))


def kept_password(file: Path) -> str:
    """The password in `file`, made at random at the first start; only the server's user can read it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        file.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        if kept := file.read_text(encoding="utf-8").strip():
            return kept
    password = secrets.token_urlsafe(12)
    file.write_text(password + "\n", encoding="utf-8")
    logger.info("made a password for the user %s of the dashboard: it is in %s", USERNAME, file)
    return password
