"""The keys that player tokens are checked with: a secret, a public key, or a set of public keys.

Each key has one algorithm, fixed here: what a token says of its algorithm only has to agree (RFC 8725, section 3.1).
"""

from typing import Any, NamedTuple

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt import PyJWK, PyJWTError
from jwt.algorithms import HMACAlgorithm

PublicKey = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey

LEAST_SECRET_BYTES = 32
"""As long as the hash of HS256 (RFC 7518, section 3.2)."""

_LEAST_RSA_BITS = 2048
"""RFC 7518, section 3.3."""

_USABLE = f"RSA of {_LEAST_RSA_BITS} bits or more, P-256, or Ed25519"

_json = msgspec.json.Decoder(dict[str, Any])


class Key(NamedTuple):
    """A key and the only algorithm that it is used with."""

    algorithm: str
    key: bytes | PublicKey


class TokenKeys:
    """Finds the key of a token. `only` is for tokens that name none, and for all where no key has an id (`kid`)."""

    def __init__(self, only: Key | None, by_id: dict[str, Key] | None = None) -> None:
        self._only = only
        self._by_id = by_id or {}

    @property
    def secret(self) -> bytes | None:
        """The secret, where it is one: it can sign as well."""
        return self._only.key if self._only is not None and isinstance(self._only.key, bytes) else None

    def find(self, id: object) -> Key | None:
        """The key that a token names by its `kid`; None for an unknown one."""
        if id is None or not self._by_id:
            return self._only
        return self._by_id.get(id) if isinstance(id, str) else None


def secret_key(secret: str) -> TokenKeys:
    """A secret for HS256. Raises ValueError."""
    raw = secret.encode()
    if len(raw) < LEAST_SECRET_BYTES:
        raise ValueError(f"a secret of {LEAST_SECRET_BYTES} bytes or more is needed, not of {len(raw)}")
    try:
        HMACAlgorithm(HMACAlgorithm.SHA256).prepare_key(raw)
    except PyJWTError:
        raise ValueError("a public key is no secret") from None
    return TokenKeys(Key("HS256", raw))


def public_key(pem: bytes) -> TokenKeys:
    """A public key in PEM for RS256, ES256 or EdDSA, by its type. Raises ValueError, which says what the file holds."""
    if b"PRIVATE KEY" in pem:
        raise ValueError("holds a private key; only the public one belongs on this server")
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("holds no public key in PEM (-----BEGIN PUBLIC KEY-----)") from None
    usable = _usable(key)
    if usable is None:
        raise ValueError(f"holds a key that cannot be used; {_USABLE} can")
    return TokenKeys(usable)


def key_set(jwks_json: bytes) -> TokenKeys:
    """Public keys as JWKS (RFC 7517). Keys of other kinds and for other uses are passed over. Raises ValueError as above."""
    try:
        listed = _json.decode(jwks_json).get("keys")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ValueError("is no JSON object") from None
    jwks = [jwk for jwk in listed if isinstance(jwk, dict)] if isinstance(listed, list) else []
    if any("d" in jwk for jwk in jwks):
        raise ValueError("holds a private key; only the public ones belong on this server")
    usable = [(jwk.get("kid"), key) for jwk in jwks if (key := _key_of(jwk)) is not None]
    if not usable:
        raise ValueError(f"holds no key that can be used; {_USABLE} can")
    by_id = {id: key for id, key in usable if isinstance(id, str)}
    if len(usable) > 1 and len(by_id) < len(usable):
        raise ValueError("holds several keys, and not each has a kid of its own")
    return TokenKeys(usable[0][1] if len(usable) == 1 else None, by_id)


def _key_of(jwk: dict[str, Any]) -> Key | None:
    if jwk.get("use", "sig") != "sig" or jwk.get("kty") == "oct":
        return None
    try:
        key = _usable(PyJWK(jwk).key)
    except (PyJWTError, ValueError, TypeError, KeyError):
        return None
    return key if key is not None and jwk.get("alg", key.algorithm) == key.algorithm else None


def _usable(key: object) -> Key | None:
    if isinstance(key, RSAPublicKey) and key.key_size >= _LEAST_RSA_BITS:
        return Key("RS256", key)
    if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        return Key("ES256", key)
    if isinstance(key, Ed25519PublicKey):
        return Key("EdDSA", key)
    return None
