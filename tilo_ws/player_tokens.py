"""The tokens of the settings: with which keys, if any, players' tokens are read and signed."""

from collections.abc import Callable
from pathlib import Path

from tilo_ws.protocol.token_keys import TokenKeys, read_jwks, read_public_key, secret_key
from tilo_ws.protocol.tokens import Tokens
from tilo_ws.settings import SettingError, Settings


def player_tokens(settings: Settings) -> Tokens | None:
    """None where no key is set. Raises SettingError for a key that cannot be used, and where it is not clear which."""
    sources: dict[str, tuple[str | Path | None, Callable[..., TokenKeys]]] = {
        "TILO_AUTH_SECRET": (settings.auth_secret, secret_key),
        "TILO_AUTH_PUBLIC_KEY": (settings.auth_public_key, read_public_key),
        "TILO_AUTH_JWKS_FILE": (settings.auth_jwks_file, read_jwks),
    }
    given = [(name, value, read) for name, (value, read) in sources.items() if value is not None]
    if len(given) > 1:
        raise SettingError(f"{' and '.join(name for name, _, _ in given)}: only one of them can be set")
    if not given:
        if settings.auth_required:
            raise SettingError(f"TILO_AUTH_REQUIRED='true': needs a key, one of {', '.join(sources)}")
        return None
    [(name, value, read)] = given
    try:
        keys = read(value)
    except ValueError as error:
        raise SettingError(f"{name}: {error}") from None
    return Tokens(
        keys,
        max_nickname_length=settings.max_nickname_length,
        audience=settings.auth_audience,
        issuer=settings.auth_issuer,
    )
