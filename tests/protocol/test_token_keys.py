"""Keys from settings and files, and one clear line for each that cannot be used."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from tilo_ws.protocol.token_keys import key_set, public_key, secret_key

RSA = rsa.generate_private_key(65537, 2048)
P256 = ec.generate_private_key(ec.SECP256R1())
ED25519 = ed25519.Ed25519PrivateKey.generate()


def pem(private: Any) -> bytes:
    data: bytes = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return data


def jwk(private: Any, **fields: str) -> dict[str, Any]:
    algorithm = {rsa.RSAPrivateKey: RSAAlgorithm, ec.EllipticCurvePrivateKey: ECAlgorithm}
    makers = [made for kind, made in algorithm.items() if isinstance(private, kind)] or [OKPAlgorithm]
    return {**json.loads(makers[0].to_jwk(private.public_key())), **fields}  # type: ignore[attr-defined]


def test_a_secret_is_for_hs256() -> None:
    keys = secret_key("x" * 32)
    assert keys.find("any") == keys.find(None) == ("HS256", b"x" * 32)
    assert keys.secret == b"x" * 32


@pytest.mark.parametrize(
    ("secret", "reason"),
    [("x" * 31, "a secret of 32 bytes or more is needed, not of 31"), (pem(P256).decode(), "a public key is no secret")],
)
def test_a_secret_that_is_none_is_refused(secret: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        secret_key(secret)


@pytest.mark.parametrize(("private", "algorithm"), [(RSA, "RS256"), (P256, "ES256"), (ED25519, "EdDSA")])
def test_the_algorithm_follows_from_the_type_of_the_key(private: Any, algorithm: str) -> None:
    for keys in (public_key(pem(private)), _jwks([jwk(private)])):
        key = keys.find("any")
        assert key is not None
        assert key.algorithm == algorithm
        assert keys.secret is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "holds no public key in PEM"),
        (b"\xff\xfe", "holds no public key in PEM"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "holds no public key in PEM"),
        (P256.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), "holds a private key"),
        (pem(rsa.generate_private_key(65537, 1024)), "cannot be used; RSA of 2048 bits or more, P-256, or Ed25519 can"),
        (pem(ec.generate_private_key(ec.SECP384R1())), "cannot be used"),
        (pem(dsa.generate_private_key(1024)), "cannot be used"),
    ],
)
def test_a_text_without_a_usable_public_key_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        public_key(content)


def _jwks(keys: object) -> Any:
    return key_set(json.dumps({"keys": keys}).encode())


def test_keys_of_a_set_are_found_by_their_id() -> None:
    keys = _jwks([jwk(RSA, kid="a"), jwk(P256, kid="b", alg="ES256", use="sig")])
    assert (keys.find("a").algorithm, keys.find("b").algorithm) == ("RS256", "ES256")
    assert keys.find("c") is keys.find(None) is keys.find(["a"]) is None


def test_the_only_key_of_a_set_needs_no_id_in_the_token_but_not_another_one() -> None:
    keys = _jwks([jwk(P256, kid="a")])
    assert keys.find(None) == keys.find("a") is not None
    assert keys.find("b") is None


def test_keys_that_are_not_for_tokens_are_passed_over() -> None:
    others = [
        jwk(RSA, use="enc"),
        jwk(RSA, alg="PS512"),
        {"kty": "oct", "k": "AAAA"},
        {"kty": "?"},
        {"kty": "RSA"},
        {"kty": "EC", "crv": "P-256", "x": 5, "y": "!"},
        "x",
    ]
    assert _jwks([*others, jwk(P256)]).find(None).algorithm == "ES256"


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ([], "holds no key that can be used"),
        (None, "holds no key that can be used"),
        ([{"kty": "oct", "k": "AAAA"}], "holds no key that can be used"),
        ([json.loads(ECAlgorithm.to_jwk(P256))], "holds a private key"),
        ([jwk(RSA, kid="a"), jwk(P256)], "not each has a kid of its own"),
        ([jwk(RSA, kid="a"), jwk(P256, kid="a")], "not each has a kid of its own"),
    ],
)
def test_a_set_that_cannot_be_used_is_refused(keys: object, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        _jwks(keys)


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b"[" * 10_000])
def test_a_set_that_is_no_json_object_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="is no JSON object"):
        key_set(content)
