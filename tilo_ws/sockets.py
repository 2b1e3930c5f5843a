"""The sockets of several processes on one address: the kernel spreads connections over them evenly."""

import os
import socket


class CannotListen(Exception):
    """The address is taken or not ours."""

    def __init__(self, host: str, port: int, error: OSError) -> None:
        # uvloop's own text repeats the address.
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or error
        super().__init__(f"cannot listen on {host}:{port}: {reason}")


def bind_shared(host: str, port: int, count: int) -> list[list[socket.socket]]:
    """For each of `count` processes its own sockets, one for each address of the host, which nobody listens on yet.

    Whoever made them keeps them open: what a process that dies had not accepted waits for its successor. Port 0: a free
    one, the same for all. Raises CannotListen.
    """
    opened: list[socket.socket] = []
    try:
        shares: list[list[socket.socket]] = [[] for _ in range(count)]
        for family, kind, protocol, _, address in _addresses(host, port):
            for share in shares:
                bound = socket.socket(family, kind, protocol)
                opened.append(bound)
                place = (address[0], opened[0].getsockname()[1] or port, *address[2:])
                _bind(bound, place, is_first=share is shares[0])
                share.append(bound)
    except OSError as error:
        for one in opened:
            one.close()
        raise CannotListen(host, port, error) from None
    return shares


def _addresses(host: str, port: int) -> list[tuple[int, int, int, str, tuple[str, int, int, int] | tuple[str, int]]]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys(found))  # type: ignore[arg-type]


def _bind(bound: socket.socket, address: tuple[str | int, ...], *, is_first: bool) -> None:
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if bound.family == socket.AF_INET6:
        bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    if not is_first:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind(address)
    # The first one asks for the address alone: otherwise a second server of this user would join in unnoticed.
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)


def shown(host: str, port: int) -> str:
    """The http address that a browser on this machine reaches the bound address by."""
    name = "localhost" if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}"
