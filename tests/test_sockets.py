"""One address for several processes."""

import contextlib
import socket
from collections.abc import Iterator

import pytest

from tilo_ws.sockets import CannotListen, bind_shared, shown


@pytest.fixture
def shares() -> Iterator[list[list[socket.socket]]]:
    """The sockets of three processes, which listen."""
    shares = bind_shared("127.0.0.1", 0, 3)
    with contextlib.ExitStack() as stack:
        for [one] in shares:
            stack.enter_context(one).listen(1000)
        yield shares


def port_of(shares: list[list[socket.socket]]) -> int:
    return int(shares[0][0].getsockname()[1])


def waiting_at(listener: socket.socket) -> int:
    """Accepts all connections that wait."""
    listener.setblocking(False)
    count = 0
    with contextlib.suppress(BlockingIOError):
        while True:
            listener.accept()[0].close()
            count += 1
    return count


def test_connections_are_spread_over_the_processes(shares: list[list[socket.socket]]) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(300):
            stack.enter_context(socket.create_connection(("127.0.0.1", port_of(shares))))
        counts = [waiting_at(one) for [one] in shares]
    assert sum(counts) == 300
    assert min(counts) > 30, "far below anything that chance makes of 100"


def test_a_second_server_is_refused_though_the_address_can_be_shared(shares: list[list[socket.socket]]) -> None:
    port = port_of(shares)
    with pytest.raises(CannotListen, match=f"^cannot listen on 127.0.0.1:{port}: Address already in use$"):
        bind_shared("127.0.0.1", port, 3)


def test_a_host_that_does_not_exist_is_a_clear_error() -> None:
    with pytest.raises(CannotListen, match=r"^cannot listen on no\.such\.host\.invalid:80: \S"):
        bind_shared("no.such.host.invalid", 80, 2)


def test_every_address_of_a_host_is_bound_to_one_port(monkeypatch: pytest.MonkeyPatch) -> None:
    def both(host: str, port: int, **options: object) -> list[object]:
        kind = (socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
        return [
            (socket.AF_INET, *kind, ("127.0.0.1", port)),
            (socket.AF_INET6, *kind, ("::1", port, 0, 0)),
            (socket.AF_INET, *kind, ("127.0.0.1", port)),  # a hosts file may name it twice
        ]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    shares = bind_shared("localhost", 0, 2)
    addresses = [[one.getsockname()[:2] for one in share] for share in shares]
    for share in shares:
        for one in share:
            one.close()
    port = addresses[0][0][1]
    assert addresses == [[("127.0.0.1", port), ("::1", port)]] * 2
    assert port


@pytest.mark.parametrize(
    ("host", "address"), [("0.0.0.0", "localhost"), ("::", "localhost"), ("::1", "[::1]"), ("192.0.2.1", "192.0.2.1")]
)
def test_the_shown_address_can_be_put_into_a_browser(host: str, address: str) -> None:
    assert shown(host, 8765) == f"http://{address}:8765"
