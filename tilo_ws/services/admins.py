"""The login of admins, and the record of what they did."""

import asyncio
import json
import logging
import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from uuid import uuid4

from tilo_ws.realtime.shared_store import SharedStore
from tilo_ws.services.admin_accounts import USERNAME, Account, AdminAccounts, StoredAccount
from tilo_ws.services.login_attempts import LoginAttempts, TooManyAttempts
from tilo_ws.services.one_time_codes import matching_step
from tilo_ws.services.passwords import Password
from tilo_ws.services.roles import Role
from tilo_ws.storage.database import Database
from tilo_ws.storage.errors import DatabaseAway, StatementTimeout

logger = logging.getLogger(__name__)


_NOBODYS = f"scrypt$15$8$1${'A' * 22}==${'A' * 43}="
"""A hash of no password, with what `hashed` asks of a machine: it costs time and matches nothing."""


class WrongPassword(Exception):
    """The login failed; the text says how to go on. `is_told`: it belongs into the record, not only to who has tried."""

    def __init__(self, text: str, *, is_told: bool = True) -> None:
        super().__init__(text)
        self.is_told = is_told


class Admins:
    """The built-in account logs in also while the database is away, by what was last known of it.

    `shared` counts attempts over all servers, where there are several.

    Raises ValueError for a password that is a hash and cannot be read.
    """

    def __init__(
        self,
        database: Database,
        accounts: AdminAccounts,
        password: str,
        shared: SharedStore | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._accounts = accounts
        self._password = Password(password)
        self._nobodys = Password(_NOBODYS)
        self._comparing = asyncio.Lock()
        self._wall_clock = wall_clock
        self._record = database.query("record_admin_action")
        self._attempts = LoginAttempts(shared, clock)
        self._built_in = StoredAccount(Account(USERNAME, Role.ADMIN), None, None, 0)
        self._used_step = 0

    async def load(self) -> None:
        """Reads what the database has of the built-in account. Raises DatabaseAway, StatementTimeout."""
        self._built_in = await self._accounts.find(USERNAME) or self._built_in

    async def log_in(self, name: str, password: str, ip: str) -> tuple[Account, bool]:
        """The account, and whether `confirm` has to follow. Raises WrongPassword."""
        left = await self._take(ip)
        stored = await self._find(name)
        if not await self._matches(stored, password):
            logger.warning("admin login failed from %(ip)s", {"ip": ip})
            raise WrongPassword(f"Wrong password. {_attempts(left)} left.")
        assert stored is not None
        await self._attempts.forget(ip)
        if stored.totp_secret is None:
            logger.info("admin %(admin)s logged in from %(ip)s", {"admin": name, "ip": ip})
        return stored.account, stored.totp_secret is not None

    async def confirm(self, account: Account, code: str, ip: str) -> None:
        """The second step of a login. Raises WrongPassword for a code that is wrong or was used before."""
        left = await self._take(ip, account.name)
        stored = await self._find(account.name)
        if stored is None or stored.totp_secret is None or stored.account.version != account.version:
            raise WrongPassword("This account has just been changed: begin again.")
        step = matching_step(stored.totp_secret, code, self._wall_clock())
        if step is None or not await self._use(stored, step):
            logger.warning("wrong code for admin %(admin)s from %(ip)s", {"admin": account.name, "ip": ip})
            raise WrongPassword(f"Wrong code. {_attempts(left)} left.")
        await self._attempts.forget(ip, account.name)
        logger.info("admin %(admin)s logged in from %(ip)s", {"admin": account.name, "ip": ip})

    async def check_password(self, account: Account, password: str, ip: str) -> None:
        """Asks somebody who is logged in once more. Raises WrongPassword."""
        left = await self._take(ip, account.name)
        if not await self._matches(await self._find(account.name), password):
            raise WrongPassword(f"Wrong password. {_attempts(left)} left.")
        await self._attempts.forget(ip, account.name)

    async def turn_codes_on(self, account: Account, secret: str, code: str) -> None:
        """From now on the login asks for codes. Raises WrongPassword where this one is not of the secret, and DatabaseAway."""
        step = matching_step(secret, code, self._wall_clock())
        if step is None:
            raise WrongPassword("Wrong code: codes stay off. Is the telephone's clock right?")
        await self._accounts.set_totp(account.name, secret, used_step=step)
        if account.is_built_in:
            self._built_in = self._built_in._replace(totp_secret=secret, totp_step=step)

    async def has_totp(self, account: Account) -> bool:
        """Whether the account logs in with a code. Raises WrongPassword while the database is away."""
        stored = await self._find(account.name)
        return stored is not None and stored.totp_secret is not None

    async def current_versions(self, names: set[str]) -> Mapping[str, str] | None:
        """The versions of these accounts, without those that are gone; None: the database is away, nobody knows."""
        try:
            return await self._accounts.current_versions(names)
        except (DatabaseAway, StatementTimeout):
            return None

    async def record(self, admin: str, ip: str, action: str, target: str, **details: object) -> None:
        """Writes down who did what from where: `ip` is empty for the command line."""
        who = f"{admin} from {ip}" if ip else admin
        fields = {"who": who, "admin": admin, "ip": ip, "action": action, "target": target, "details": details}
        logger.info("admin action by %(who)s: %(action)s %(target)s %(details)s", fields)
        await self._record(id=str(uuid4()), admin=admin, ip=ip, action=action, target=target, details=json.dumps(details))

    async def _take(self, ip: str, account: str | None = None) -> int:
        try:
            return await self._attempts.take(ip, account)
        except TooManyAttempts as error:
            raise WrongPassword(str(error), is_told=error.is_told) from None

    async def _find(self, name: str) -> StoredAccount | None:
        try:
            if name != USERNAME:
                return await self._accounts.find(name)
            await self.load()
        except (DatabaseAway, StatementTimeout):
            if name != USERNAME:
                raise WrongPassword(f"The database is away: until it is back only {USERNAME} can log in.") from None
        return self._built_in

    async def _matches(self, stored: StoredAccount | None, password: str) -> bool:
        """An account that does not exist takes as long as one that does."""
        expected = self._nobodys
        if stored is not None:
            expected = self._password if stored.password_hash is None else Password(stored.password_hash)
        async with self._comparing:  # one at a time: each takes 32 MiB
            right = await asyncio.to_thread(expected.matches, password)
        return right and stored is not None

    async def _use(self, stored: StoredAccount, step: int) -> bool:
        """Whether the code of this step was not used before."""
        if not stored.account.is_built_in:
            try:
                return await self._accounts.use_code(stored.account.name, step)
            except (DatabaseAway, StatementTimeout):
                return False
        if step <= max(self._used_step, stored.totp_step):
            return False
        self._used_step = step
        try:
            return await self._accounts.use_code(USERNAME, step)
        except (DatabaseAway, StatementTimeout):
            return True


def _attempts(left: int) -> str:
    return f"{left} attempt{'' if left == 1 else 's'}"


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
    logger.info("made a password for the user %(admin)s of the dashboard: it is in %(file)s", {"admin": USERNAME, "file": file})
    return password
