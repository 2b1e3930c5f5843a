"""Player tokens (JWT, RFC 7519): who somebody is, by the word of the game's back end."""

from typing import Annotated, Any

import jwt
import msgspec

from tilo_ws.protocol.codes import CommandError
from tilo_ws.protocol.text import clean, email_address
from tilo_ws.protocol.token_keys import TokenKeys

MAX_TOKEN_BYTES = 4096

NOT_BEFORE_GRACE = 5.0
"""Seconds by which the clock of the back end may be ahead: its tokens are valid from the moment that they are made."""

_LATEST = 253_402_300_799
"""The end of the year 9999: what is later is in milliseconds."""

_Seconds = Annotated[float, msgspec.Meta(ge=0, le=_LATEST)]


class Player(msgspec.Struct, frozen=True):
    """Who a token says that somebody is, until when, in seconds since 1970. The address is in lower case."""

    email: str
    nickname: str | None
    expires_at: float


class InvalidToken(Exception):
    """A token proves nothing; the text says why, for a person."""


class ExpiredToken(InvalidToken):
    """A token was good, and its time is over: another may be fetched."""


class _Claims(msgspec.Struct):
    sub: str
    exp: _Seconds
    nbf: _Seconds = 0.0
    name: str | None = None


class Tokens:
    """Reads tokens, and signs them where the key is a secret. `audience` and `issuer` have to match where they are set.

    `keys` may be replaced by others at any time.
    """

    def __init__(
        self, keys: TokenKeys, *, max_nickname_length: int, audience: str | None = None, issuer: str | None = None
    ) -> None:
        self.keys = keys
        self._max_nickname_length = max_nickname_length
        self._audience = audience
        self._issuer = issuer

    def read(self, token: str, now: float) -> Player:
        """The player of a token; `now` is in seconds since 1970. Raises ExpiredToken, InvalidToken."""
        claims = self._claims(token)
        # Written so that no number, not even NaN, counts as a time to come.
        if not claims.nbf <= now + NOT_BEFORE_GRACE:
            raise InvalidToken("the token is not valid yet")
        if not claims.exp > now:
            raise ExpiredToken("the token has expired")
        try:
            email = email_address(claims.sub)
            nickname = None if claims.name is None else clean("nickname", claims.name, self._max_nickname_length)
        except CommandError as error:
            raise InvalidToken(f"the token is not valid: {error.message}") from None
        return Player(email, nickname, claims.exp)

    def sign(self, player: Player) -> str:
        """A token of this player, by HS256, until the whole second of `expires_at`. Raises ValueError without a secret."""
        if self.keys.secret is None:
            raise ValueError("tokens can be signed only with a secret")
        claims = {
            "sub": player.email,
            "name": player.nickname,
            "exp": int(player.expires_at),
            "aud": self._audience,
            "iss": self._issuer,
        }
        return jwt.encode({name: value for name, value in claims.items() if value is not None}, self.keys.secret, "HS256")

    def _claims(self, token: str) -> _Claims:
        if len(token) > MAX_TOKEN_BYTES or not token.isascii():
            raise InvalidToken(f"the token is not valid: it is longer than {MAX_TOKEN_BYTES} bytes, or no JWT")
        try:
            return msgspec.convert(self._verified(token), _Claims)
        except jwt.PyJWTError as error:
            raise InvalidToken(f"the token is not valid: {error}") from None
        except msgspec.ValidationError as error:
            raise InvalidToken(f"the token is not valid: {str(error).replace('`', '')}") from None

    def _verified(self, token: str) -> dict[str, Any]:
        key = self.keys.find(jwt.get_unverified_header(token).get("kid"))
        if key is None:
            raise InvalidToken("the token is not valid: its key is not known here")
        # Times are checked in `read`, against the clock of the caller; `iat` grants nothing.
        return jwt.decode(
            token,
            key.key,
            algorithms=[key.algorithm],
            audience=self._audience,
            issuer=self._issuer,
            options={
                "require": ["sub", "exp"],
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
                "verify_aud": self._audience is not None,
            },
        )
