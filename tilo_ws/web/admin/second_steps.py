"""Logins that have shown the right password and still owe a code."""

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable

from tilo_ws.services.admin_accounts import Account

_SECONDS = 300.0
_MAX_OPEN = 1_000


class SecondSteps:
    """By a secret of their own, which is never the one that the browser came with: somebody may have planted that."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._open: OrderedDict[str, tuple[Account, float]] = OrderedDict()

    def begin(self, account: Account) -> str:
        """Returns the secret under which the login goes on, for five minutes."""
        secret = secrets.token_urlsafe(32)
        self._open[secret] = account, self._clock() + _SECONDS
        if len(self._open) > _MAX_OPEN:
            self._open.popitem(last=False)
        return secret

    def find(self, secret: str) -> Account | None:
        """Whose login it is."""
        account, ends_at = self._open.get(secret, (None, 0.0))
        return account if self._clock() < ends_at else None

    def end(self, secret: str) -> None:
        """The login is complete."""
        self._open.pop(secret, None)
