"""Where a request comes from, and whom to believe about it."""

import ipaddress

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from tilo_ws.web.client_address import ClientAddress

TRUSTED = [ipaddress.ip_network("127.0.0.1"), ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("::1")]


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.7", [], "203.0.113.7"),
        ("203.0.113.7", ["198.51.100.1"], "203.0.113.7"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", ["203.0.113.7"], "203.0.113.7"),
        ("127.0.0.1", ["198.51.100.1, 203.0.113.7"], "203.0.113.7"),
        ("127.0.0.1", ["198.51.100.1", "203.0.113.7"], "203.0.113.7"),
        ("127.0.0.1", ["203.0.113.7, 10.1.2.3"], "203.0.113.7"),
        ("127.0.0.1", ["203.0.113.7, nonsense"], "127.0.0.1"),
        ("127.0.0.1", ["<script>"], "127.0.0.1"),
        ("::1", ["2001:db8::7"], "2001:db8::7"),
    ],
)
def test_the_first_address_from_the_right_that_is_no_trusted_proxy(peer: str, forwarded: list[str], client: str) -> None:
    assert ClientAddress(TRUSTED).ip(request_from(peer, *forwarded)) == client


def test_x_forwarded_for_spoofed_from_outside_is_not_believed() -> None:
    for claimed in ("198.51.100.1", "127.0.0.1", "10.0.0.1, 10.0.0.2"):
        assert ClientAddress(TRUSTED).ip(request_from("203.0.113.7", claimed)) == "203.0.113.7"


def test_x_forwarded_for_spoofed_through_one_proxy_too_many_is_not_believed() -> None:
    # Ours has added the address of the attacker's proxy; what stands before it is that one's word.
    for claimed in ("198.51.100.1", "10.0.0.1", "127.0.0.1"):
        assert ClientAddress(TRUSTED).ip(request_from("127.0.0.1", f"{claimed}, 203.0.113.7")) == "203.0.113.7"
        assert ClientAddress(TRUSTED).ip(request_from("127.0.0.1", f"{claimed}, 203.0.113.7", "10.0.0.2")) == "203.0.113.7"


def request_from(peer: str, *forwarded: str) -> web.Request:
    headers = CIMultiDict([("X-Forwarded-For", value) for value in forwarded])
    request = make_mocked_request("GET", "/", headers=headers)
    return request.clone(remote=peer)
