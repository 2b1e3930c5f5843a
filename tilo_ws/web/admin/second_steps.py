"""Logins that have shown the right password and still owe a code."""

import contextlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable

import msgspec

from tilo_ws.realtime.redis_link import RedisAway
from tilo_ws.realtime.shared_store import SharedStore
from tilo_ws.services.admin_accounts import Account
from tilo_ws.web.untrusted import digest

_SECONDS = 300.0
_MAX_OPEN = 1_000


class SecondSteps:
    """By a secret of their own, which is never the one that the browser came with: somebody may have planted that.

    With `shared` a login can go on on another server.
    """

    def __init__(self, shared: SharedStore | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._shared = shared
        self._clock = clock
        self._open: OrderedDict[str, tuple[Account, float]] = OrderedDict()

    async def begin(self, account: Account) -> str:
        """Returns the secret under which the login goes on, for five minutes."""
        secret = secrets.token_urlsafe(32)
        self._open[secret] = account, self._clock() + _SECONDS
        if len(self._open) > _MAX_OPEN:
            self._open.popitem(last=False)
        if self._shared is not None:
            with contextlib.suppress(RedisAway):
                await self._shared.put(_name(secret), msgspec.msgpack.encode(account), _SECONDS)
        return secret

    async def find(self, secret: str) -> Account | None:
        """Whose login it is."""
        if self._shared is not None:
            with contextlib.suppress(RedisAway):
                [kept] = await self._shared.get(_name(secret))
                return None if kept is None else msgspec.msgpack.decode(kept, type=Account)
        account, ends_at = self._open.get(secret, (None, 0.0))
        return account if self._clock() < ends_at else None

    async def end(self, secret: str) -> None:
        """The login is complete."""
        self._open.pop(secret, None)
        if self._shared is not None:
            with contextlib.suppress(RedisAway):
                await self._shared.remove(_name(secret))


def _name(secret: str) -> str:
    return f"second_step:{digest(secret)}"
