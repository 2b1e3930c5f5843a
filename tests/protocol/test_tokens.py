"""Tokens that prove who somebody is, and the many that do not."""

import base64
import hashlib
import hmac
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from tilo_ws.protocol.token_keys import Key, TokenKeys, secret_key
from tilo_ws.protocol.tokens import ExpiredToken, InvalidToken, Player, Tokens

SECRET = "a secret that is long enough for HS256"
NOW = 1_790_000_000.0
CLAIMS: dict[str, Any] = {"sub": "zoe@example.com", "exp": NOW + 60}

TOKENS = Tokens(secret_key(SECRET), max_nickname_length=32)

RSA = rsa.generate_private_key(65537, 2048)
P256 = ec.generate_private_key(ec.SECP256R1())
ED25519 = ed25519.Ed25519PrivateKey.generate()


def signed(claims: dict[str, Any], **header: Any) -> str:
    return jwt.encode(claims, SECRET, "HS256", headers=header)


def by_hand(header: object, claims: object, secret: bytes) -> str:
    """A token as a library would refuse to make it."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims)]
    signature = hmac.new(secret, b".".join(parts), hashlib.sha256).digest()
    return b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


def test_a_token_tells_the_player() -> None:
    assert TOKENS.read(signed(CLAIMS), NOW) == Player("zoe@example.com", None, NOW + 60)


def test_address_and_name_are_cleaned() -> None:
    token = signed(CLAIMS | {"sub": " Zoe@Example.COM", "name": " Zo\u202ee "})
    assert TOKENS.read(token, NOW) == Player("zoe@example.com", "Zoe", NOW + 60)


def test_what_is_signed_can_be_read() -> None:
    tokens = Tokens(secret_key(SECRET), max_nickname_length=32, audience="game", issuer="me")
    player = Player("zoe@example.com", "Zoë", NOW + 60)
    assert tokens.read(tokens.sign(player), NOW) == player


@pytest.mark.parametrize(("private", "algorithm"), [(RSA, "RS256"), (P256, "ES256"), (ED25519, "EdDSA")])
def test_a_token_by_a_private_key_is_read_by_the_public_one(private: Any, algorithm: str) -> None:
    tokens = Tokens(TokenKeys(Key(algorithm, private.public_key())), max_nickname_length=32)
    assert tokens.read(jwt.encode(CLAIMS, private, algorithm), NOW).email == "zoe@example.com"
    with pytest.raises(ValueError, match="only with a secret"):
        tokens.sign(Player("zoe@example.com", None, NOW))


def test_the_key_is_chosen_by_its_id() -> None:
    keys = {"a": Key("ES256", P256.public_key()), "b": Key("EdDSA", ED25519.public_key())}
    tokens = Tokens(TokenKeys(None, keys), max_nickname_length=32)
    assert tokens.read(jwt.encode(CLAIMS, P256, "ES256", headers={"kid": "a"}), NOW)
    assert tokens.read(jwt.encode(CLAIMS, ED25519, "EdDSA", headers={"kid": "b"}), NOW)
    for header in ({"kid": "b"}, {"kid": "c"}, {}):
        with pytest.raises(InvalidToken):
            tokens.read(jwt.encode(CLAIMS, P256, "ES256", headers=header), NOW)


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "", None, ["HS256"], "HS512", "RS256"])
def test_a_token_does_not_choose_its_algorithm(alg: object) -> None:
    with pytest.raises(InvalidToken):
        TOKENS.read(by_hand({"alg": alg, "typ": "JWT"}, CLAIMS, SECRET.encode()), NOW)


def test_a_token_with_alg_none_or_without_a_signature_is_refused() -> None:
    with pytest.raises(InvalidToken):
        TOKENS.read(jwt.encode(CLAIMS, "", "none"), NOW)
    with pytest.raises(InvalidToken):
        TOKENS.read(signed(CLAIMS).rpartition(".")[0] + ".", NOW)


def test_a_token_of_hs256_signed_with_the_public_key_is_refused() -> None:
    public = RSA.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    tokens = Tokens(TokenKeys(Key("RS256", public)), max_nickname_length=32)
    with pytest.raises(InvalidToken):
        tokens.read(by_hand({"alg": "HS256"}, CLAIMS, pem), NOW)


def test_a_key_that_the_token_brings_along_counts_for_nothing() -> None:
    jwk = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(P256.public_key()))
    with pytest.raises(InvalidToken):
        TOKENS.read(jwt.encode(CLAIMS, P256, "ES256", headers={"jwk": jwk, "jku": "http://example.com"}), NOW)


def test_a_token_of_another_secret_is_refused() -> None:
    with pytest.raises(InvalidToken, match="Signature verification failed"):
        TOKENS.read(by_hand({"alg": "HS256"}, CLAIMS, b"x" * 32), NOW)


def test_an_expired_token_is_refused() -> None:
    assert TOKENS.read(signed(CLAIMS), NOW + 59.9)
    with pytest.raises(ExpiredToken, match=r"^the token has expired$"):
        TOKENS.read(signed(CLAIMS), NOW + 60)


def test_an_expired_token_of_another_secret_is_not_called_expired() -> None:
    with pytest.raises(InvalidToken) as refused:
        TOKENS.read(by_hand({"alg": "HS256"}, CLAIMS, b"x" * 32), NOW + 60)
    assert not isinstance(refused.value, ExpiredToken)


def test_a_token_that_is_not_valid_yet_is_refused() -> None:
    assert TOKENS.read(signed(CLAIMS | {"nbf": NOW + 2}), NOW)  # the back end's clock is ahead
    with pytest.raises(InvalidToken, match="not valid yet"):
        TOKENS.read(signed(CLAIMS | {"nbf": NOW + 30}), NOW)


@pytest.mark.parametrize("claims", [{}, {"aud": "other"}, {"aud": "game"}, {"iss": "me"}, {"aud": "game", "iss": "other"}])
def test_a_token_for_another_audience_or_of_another_issuer_is_refused(claims: dict[str, str]) -> None:
    tokens = Tokens(secret_key(SECRET), max_nickname_length=32, audience="game", issuer="me")
    with pytest.raises(InvalidToken):
        tokens.read(signed(CLAIMS | claims), NOW)
    assert tokens.read(signed(CLAIMS | {"aud": ["game", "x"], "iss": "me"}), NOW)
    assert TOKENS.read(signed(CLAIMS | claims), NOW)


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": NOW + 60},
        {"sub": "zoe@example.com"},
        CLAIMS | {"exp": None},
        CLAIMS | {"exp": str(NOW + 60)},
        CLAIMS | {"exp": True},
        CLAIMS | {"exp": NOW * 1000},
        CLAIMS | {"exp": float("nan")},
        CLAIMS | {"exp": float("inf")},
        CLAIMS | {"exp": 10**400},
        CLAIMS | {"nbf": float("nan")},
        CLAIMS | {"nbf": "now"},
        CLAIMS | {"sub": 5},
        CLAIMS | {"sub": ["zoe@example.com"]},
        CLAIMS | {"sub": "zoe"},
        CLAIMS | {"sub": "a@b\n.c"},
        CLAIMS | {"name": ""},
        CLAIMS | {"name": "\u200b"},
        CLAIMS | {"name": "x" * 33},
        CLAIMS | {"name": "a\0b"},
        CLAIMS | {"name": 5},
        [],
        None,
        "text",
    ],
)
def test_claims_that_are_missing_or_unusable_are_refused(claims: object) -> None:
    with pytest.raises(InvalidToken, match=r"^the token "):
        TOKENS.read(by_hand({"alg": "HS256"}, claims, SECRET.encode()), NOW)


@pytest.mark.parametrize("claims", [CLAIMS | {"iat": NOW + 600}, CLAIMS | {"aud": "any"}, CLAIMS | {"unknown": [1]}])
def test_other_claims_do_not_matter(claims: dict[str, Any]) -> None:
    assert TOKENS.read(signed(claims), NOW)


def test_a_huge_token_is_not_looked_at() -> None:
    with pytest.raises(InvalidToken, match="longer than 4096 bytes"):
        TOKENS.read(signed(CLAIMS | {"x": "x" * 4096}), NOW)


def test_deep_json_is_refused() -> None:
    deep = base64.urlsafe_b64encode(b"[" * 3000).rstrip(b"=").decode()
    with pytest.raises(InvalidToken):
        TOKENS.read(f"{deep}.e30.", NOW)


@pytest.mark.parametrize("header", [{"crit": ["x"]}, {"b64": False, "crit": ["b64"]}, {"kid": 5}, {"kid": ["a"]}])
def test_strange_headers_are_refused_or_ignored(header: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken):
        TOKENS.read(by_hand({"alg": "HS256"} | header, CLAIMS, SECRET.encode()), NOW)


@given(st.text() | st.tuples(*[st.binary().map(lambda part: base64.urlsafe_b64encode(part).decode())] * 3).map(".".join))
def test_any_text_is_a_token_or_invalid(text: str) -> None:
    with pytest.raises(InvalidToken):
        TOKENS.read(text, NOW)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(["sub", "exp", "nbf", "name", "aud", "iss", "iat", "jti"]), _JSON) | _JSON, _JSON)
def test_any_signed_claims_are_a_player_or_invalid(claims: object, kid: object) -> None:
    try:
        player = TOKENS.read(by_hand({"alg": "HS256", "kid": kid}, claims, SECRET.encode()), NOW)
    except InvalidToken:
        return
    assert "@" in player.email
    assert player.expires_at > NOW
