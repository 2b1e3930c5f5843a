"""A Redis Cluster on this machine: three nodes that share the slots, and where a test wants it a replica of each."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.redis_server import VALKEY, RedisServer, until

_PRIMARIES = 3
_SLOTS = 16384
_OPTIONS = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--repl-diskless-sync-delay", "0"]


@contextlib.contextmanager
def cluster(directory: Path, *, replicas: bool = False) -> Iterator[list[RedisServer]]:
    """Its nodes, first the three that share the slots, while the block lasts."""
    nodes = []
    for number in range(2 * _PRIMARIES if replicas else _PRIMARIES):
        home = directory / str(number)
        home.mkdir()
        nodes.append(RedisServer(home, VALKEY, *_OPTIONS))
    try:
        for number, node in enumerate(nodes):
            node.start()
            if number < _PRIMARIES:
                first, last = _SLOTS * number // _PRIMARIES, _SLOTS * (number + 1) // _PRIMARIES - 1
                node.ask("CLUSTER", "ADDSLOTSRANGE", first, last)
            node.ask("CLUSTER", "MEET", "127.0.0.1", nodes[0].port, nodes[0].cluster_port)
        until(lambda: all(_is_whole(node, len(nodes)) for node in nodes))
        for primary, replica in zip(nodes, nodes[_PRIMARIES:], strict=False):
            replica.ask("CLUSTER", "REPLICATE", primary.ask("CLUSTER", "MYID"))
        until(lambda: all(map(has_its_data, nodes[_PRIMARIES:])))
        yield nodes
    finally:
        for node in nodes:
            node.close()


def primary_of(nodes: Sequence[RedisServer], key: str) -> RedisServer:
    """The node that answers for a key which is there. Those that are killed are not among `nodes`."""
    slot = nodes[0].ask("CLUSTER", "KEYSLOT", key)
    [primary] = [node for node in nodes if is_primary(node) and node.ask("CLUSTER", "COUNTKEYSINSLOT", slot)]
    return primary


def is_primary(node: RedisServer) -> bool:
    """Whether it takes writes."""
    return bool(node.ask("ROLE")[0] == b"master")


def has_its_data(replica: RedisServer) -> bool:
    """Whether it has all of its primary and follows it."""
    return bool(replica.ask("ROLE")[0] == b"slave" and replica.ask("ROLE")[3] == b"connected")


def _is_whole(node: RedisServer, count: int) -> bool:
    state = node.ask("CLUSTER", "INFO")
    return b"cluster_state:ok" in state and b"cluster_known_nodes:%d\r" % count in state
