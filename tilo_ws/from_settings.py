"""What is made of settings alone: the broker, the keys of tokens, the rules for texts, the limits that clients are told."""

from tilo_ws.protocol.lookalikes import ReservedNames
from tilo_ws.protocol.pushes import Limits
from tilo_ws.protocol.repeats import Repeats
from tilo_ws.protocol.token_keys import key_set, public_key, secret_key
from tilo_ws.protocol.tokens import Tokens
from tilo_ws.protocol.words import WordFilter
from tilo_ws.realtime.broker import Broker, MemoryBroker
from tilo_ws.realtime.broker_redis import RedisBroker
from tilo_ws.realtime.redis_link import RedisLink
from tilo_ws.services.admins import kept_password
from tilo_ws.services.key_file import KeyFile
from tilo_ws.services.passwords import Password
from tilo_ws.services.text_rules import TextRules
from tilo_ws.settings import SettingError, Settings


def player_tokens(settings: Settings) -> tuple[Tokens | None, KeyFile | None]:
    """The reader of tokens, None where no key is set, and the file of its keys, where they are in one.

    Raises SettingError for a key that cannot be used, and where it is not clear which.
    """
    files = {
        "TILO_AUTH_PUBLIC_KEY": (settings.auth_public_key, public_key),
        "TILO_AUTH_JWKS_FILE": (settings.auth_jwks_file, key_set),
    }
    key_files = {name: KeyFile(path, parse) for name, (path, parse) in files.items() if path is not None}
    given = ["TILO_AUTH_SECRET"] * (settings.auth_secret is not None) + list(key_files)
    if len(given) > 1:
        raise SettingError(f"{' and '.join(given)}: only one of them can be set")
    if not given:
        if settings.auth_required:
            raise SettingError(f"TILO_AUTH_REQUIRED='true': needs a key, one of TILO_AUTH_SECRET, {', '.join(files)}")
        return None, None
    [name] = given
    key_file = key_files.get(name)
    try:
        keys = secret_key(settings.auth_secret or "") if key_file is None else key_file.read()
    except ValueError as error:
        raise SettingError(f"{name}: {error}") from None
    tokens = Tokens(
        keys,
        max_nickname_length=settings.max_nickname_length,
        audience=settings.auth_audience,
        issuer=settings.auth_issuer,
    )
    return tokens, key_file


def admin_password(settings: Settings) -> str | None:
    """The password of the settings, plain or a hash, None where there is none. Raises SettingError for a faulty hash."""
    if settings.admin_password is not None:
        try:
            Password(settings.admin_password)
        except ValueError as allowed:
            raise SettingError(f"TILO_ADMIN_PASSWORD=(hidden): allowed is {allowed}") from None
    return settings.admin_password


def kept_admin_password(settings: Settings) -> tuple[str, str]:
    """The password, made at the first start where none is set, and the file that it is kept in, if any. Raises SettingError."""
    if given := admin_password(settings):
        return given, ""
    file = settings.data_dir / "admin-password"
    try:
        return kept_password(file), str(file)
    except OSError as error:
        raise SettingError(
            f"the dashboard's password cannot be kept in {file} ({error.strerror}): set TILO_ADMIN_PASSWORD, or TILO_DATA_DIR"
        ) from None


def link_and_broker(settings: Settings) -> tuple[RedisLink | None, Broker]:
    """The way to Redis, where this server is joined with others, and the broker."""
    if settings.redis_url is None:
        return None, MemoryBroker()
    link = RedisLink(settings.redis_url, settings.redis_prefix)
    return link, RedisBroker(link)


def text_rules(settings: Settings) -> TextRules:
    """Raises SettingError for a words file that cannot be read."""
    return TextRules(
        words=_word_filter(settings),
        refuse_words=settings.words_action == "refuse",
        refuse_links=settings.links == "refuse",
        reserved_names=ReservedNames(settings.reserved_names),
        repeats=Repeats(settings.repeat_window, settings.slow_mode),
    )


def limits(settings: Settings) -> Limits:
    """What clients are told that holds as long as the server runs."""
    return Limits(
        max_message_length=settings.max_message_length,
        max_nickname_length=settings.max_nickname_length,
        max_frame_bytes=settings.max_frame_bytes,
        chat_rate=settings.chat_rate,
        chat_burst=settings.chat_burst,
        command_rate=settings.command_rate,
        command_burst=settings.command_burst,
    )


def _word_filter(settings: Settings) -> WordFilter | None:
    """The filter of the words file, where there is one. Raises SettingError."""
    if settings.words_file is None:
        return None
    try:
        return WordFilter(settings.words_file.read_text(encoding="utf-8").splitlines())
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
        raise SettingError(f"TILO_WORDS_FILE: {settings.words_file} cannot be read: {reason}") from None
