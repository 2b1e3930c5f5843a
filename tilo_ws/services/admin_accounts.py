"""The accounts of admins, in PostgreSQL. The built-in `admin` has a row there too, but not its password."""

import asyncio
import re
import secrets
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple
from uuid import uuid4

from tilo_ws.protocol.codes import CommandError, ErrorCode
from tilo_ws.services.passwords import hashed
from tilo_ws.services.roles import Role
from tilo_ws.storage.database import Database, Query

USERNAME = "admin"
"""The built-in account: its password is in the settings, and it is always there."""

MIN_PASSWORD_LENGTH = 10
MAX_PASSWORD_LENGTH = 200
"""Code points."""

_LETTERS = "abcdefghjkmnpqrstuvwxyz123456789"
"""32 that nobody mistakes for each other in lower case."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")


class Account(NamedTuple):
    """Somebody who may use the dashboard. Another `version`: the account was changed since."""

    name: str
    role: Role
    version: str = ""

    @property
    def is_built_in(self) -> bool:
        """Whether it is the account of the settings."""
        return self.name == USERNAME


class StoredAccount(NamedTuple):
    """An account with its secrets. Without a password it is the built-in one."""

    account: Account
    password_hash: str | None
    totp_secret: str | None
    totp_step: int


class UnknownAccount(Exception):
    """There is no such account, or it is the built-in one, which only the settings change."""


class AdminAccounts:
    """Everything here raises DatabaseAway and StatementTimeout."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._by_name = database.query("admin_by_name")
        self._list = database.query("list_admins")
        self._versions = database.query("admin_versions")
        self._create = database.query("create_admin")
        self._set_role = database.query("set_admin_role")
        self._set_password = database.query("set_admin_password")
        self._set_disabled = database.query("set_admin_disabled")
        self._set_totp = database.query("set_admin_totp")
        self._use_code = database.query("use_admin_code")
        self._renew = database.query("renew_admin_version")
        self._remove = database.query("remove_admin")

    async def all(self) -> list[Any]:
        """Rows with `name`, `role`, `has_totp`, `created_by`, `created_at`, `disabled_at`, by name."""
        return await self._list()

    async def find(self, name: str) -> StoredAccount | None:
        """The account, unless it is disabled."""
        rows = await self._by_name(name=name) if _NAME.fullmatch(name) else []
        if not rows:
            return None
        [row] = rows
        account = Account(row.name, Role(row.role), row.version)
        return StoredAccount(account, row.password_hash, row.totp_secret, row.totp_step)

    async def current_versions(self, names: Collection[str]) -> Mapping[str, str]:
        """The versions of those of these accounts that exist and are not disabled."""
        return {row.name: row.version for row in await self._versions(names=list(names))}

    async def create(self, name: str, role: Role, password: str, *, by: str) -> None:
        """Raises CommandError where the name or the password is not allowed or the name is taken."""
        if not _NAME.fullmatch(name):
            allowed = "1 to 32 of a-z, 0-9, dot, hyphen and underscore, beginning with a letter or digit"
            raise CommandError(ErrorCode.INVALID_FIELD, f"name: must be {allowed}")
        version, hash = str(uuid4()), await _hashed(password)
        if name == USERNAME or not await self._create(name=name, role=role, password_hash=hash, version=version, created_by=by):
            raise CommandError(ErrorCode.INVALID_FIELD, f"name: {name} is taken")

    async def set_role(self, name: str, role: Role) -> None:
        """Raises UnknownAccount."""
        await _change(self._set_role, name, role=role, version=str(uuid4()))

    async def set_password(self, name: str, password: str) -> None:
        """Raises UnknownAccount, and CommandError where the password is not allowed."""
        await _change(self._set_password, name, password_hash=await _hashed(password), version=str(uuid4()))

    async def set_disabled(self, name: str, disabled: bool) -> None:
        """Shuts an account out, or lets it in again. Raises UnknownAccount."""
        await _change(self._set_disabled, name, disabled=disabled, version=str(uuid4()))

    async def set_totp(self, name: str, secret: str | None, *, used_step: int = 0) -> None:
        """Sets the secret of the account's codes, those up to a time step used; None: it logs in without one.

        Raises UnknownAccount.
        """
        await _change(self._set_totp, name, totp_secret=secret, used_step=used_step)

    async def renew(self, name: str) -> None:
        """Ends all sessions of the account, the built-in one too. Raises UnknownAccount."""
        await _change(self._renew, name, version=str(uuid4()))

    async def remove(self, name: str) -> None:
        """Raises UnknownAccount."""
        await _change(self._remove, name)

    async def use_code(self, name: str, step: int) -> bool:
        """Notes that the code of this time step was used. False: it was before, or a later one."""
        return bool(await self._use_code(name=name, step=step))


def made_password() -> str:
    """A password at random, to be shown once: 80 bits in groups that can be read out."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


async def _hashed(password: str) -> str:
    if not MIN_PASSWORD_LENGTH <= len(password) <= MAX_PASSWORD_LENGTH:
        allowed = f"{MIN_PASSWORD_LENGTH} to {MAX_PASSWORD_LENGTH} characters"
        raise CommandError(ErrorCode.INVALID_FIELD, f"password: must have {allowed}")
    return await asyncio.to_thread(hashed, password)


async def _change(query: Query, name: str, **values: object) -> None:
    if not (_NAME.fullmatch(name) and await query(name=name, **values)):
        raise UnknownAccount
