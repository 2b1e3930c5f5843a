"""One process against several workers: the CPU of a delivery, on one core and on a core for each, and how connections spread.

.venv/bin/python -m benchmarks.workers            all rows, about six minutes
.venv/bin/python -m benchmarks.workers 1000x200   one row, as in benchmarks.fan_out
"""

import contextlib
import os
import socket
import sys
import time
from collections.abc import Iterator
from typing import Any

import psutil

from benchmarks.fan_out import plan_of
from benchmarks.listeners import listening
from benchmarks.servers import Server, cpu_s, tilo

ROWS = ["1000x50", "1000x200", "1000w16", "5000x40"]
COUNTS = [1, 2, 4]

GROWING_ROWS = ["1000x50", "1000x200", "4950x40"]
"""Those with so many clients for each worker, which has a core for itself: what workers are for."""

GROWING_COUNTS = [1, 2]

PLAYERS = 20
"""Of the clients. The others only listen, in a process on each worker's core that comes after all others."""


def processes_of(server: Server) -> dict[str, list[int]]:
    """The processes that serve, and Valkey's."""
    everything = [psutil.Process(server.pid), *psutil.Process(server.pid).children()]
    named = {"valkey": [], "servers": []}  # type: dict[str, list[int]]
    for process in everything:
        command = " ".join(process.cmdline())
        if "valkey-server" in command:
            named["valkey"].append(process.pid)
        elif "postgres -D" not in command:
            named["servers"].append(process.pid)
    return named


def cpu_of(server: Server) -> dict[str, float]:
    """User and system time so far, of all servers together and of Valkey."""
    return {name: sum(map(cpu_s, pids)) for name, pids in processes_of(server).items()}


def measured(server: Server, plan: dict[str, float]) -> dict[str, Any]:
    """The report of the load player, and the CPU of each delivery in microseconds, the connects not counted."""
    connecting = {"clients": plan["clients"], "seconds": 1, "rate": 0}
    server.play(**connecting)
    at_first = cpu_of(server)
    server.play(**connecting)
    before = cpu_of(server)
    report = server.play(**plan)
    after = cpu_of(server)
    cpu_us = {
        name: ((after[name] - before[name]) - (before[name] - at_first[name])) / max(report["deliveries"], 1) * 1e6
        for name in after
    }
    return report | {"cpu_us": cpu_us}


def spread(count: int) -> list[int]:
    """How many of 1,000 connections each of so many workers has."""
    with tilo("--workers", str(count)) as server, contextlib.ExitStack() as stack:
        for _ in range(1000):
            stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
        time.sleep(1)
        workers = [psutil.Process(pid) for pid in processes_of(server)["servers"] if pid != server.pid]
        return sorted(sum(one.status == psutil.CONN_ESTABLISHED for one in worker.net_connections("tcp")) for worker in workers)


def print_table(rows: list[str], counts: list[int]) -> None:
    """In Markdown; the clients of a row are those of all workers."""
    print(
        "| clients x rate | workers | CPU µs a delivery | of it Valkey | deliveries/s | lost | p50 ms | p99 ms | player's CPU |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for row in rows:
        for count in counts:
            with tilo("--workers", str(count)) as server:
                report = measured(server, plan_of(row))
            cpu_us, delay = report["cpu_us"], report["delay"] or {"p50_ms": "-", "p99_ms": "-"}
            print(
                f"| {row} | {count} | {sum(cpu_us.values()):.2f} | {cpu_us['valkey']:.2f}"
                f" | {report['deliveries_per_second']:,.0f} | {report['lost']:,}"
                f" | {delay['p50_ms']} | {delay['p99_ms']} | {report['player_cpu']:.0%} |",
                flush=True,
            )


def print_growing_table() -> None:
    """In Markdown."""
    print("| clients of each x rate | workers | CPU µs a delivery | of it Valkey | deliveries/s | lost | p50 ms | p99 ms |")
    print("|---|---|---|---|---|---|---|---|")
    for row in GROWING_ROWS:
        for count in GROWING_COUNTS:
            plan = plan_of(row)
            with tilo("--workers", str(count)) as server, crowd(server, count, int(plan["clients"])):
                before, delivered = cpu_of(server), server.deliveries()
                report = server.play(**plan | {"clients": PLAYERS})
                after, delivered = cpu_of(server), server.deliveries() - delivered
            cpu_us = {name: (after[name] - before[name]) / delivered * 1e6 for name in after}
            print(
                f"| {row} | {count} | {sum(cpu_us.values()):.2f} | {cpu_us['valkey']:.2f} | {delivered / plan['seconds']:,.0f}"
                f" | {report['lost']:,} | {report['delay']['p50_ms']} | {report['delay']['p99_ms']} |",
                flush=True,
            )


@contextlib.contextmanager
def crowd(server: Server, count: int, clients: int) -> Iterator[None]:
    """So many listeners for each worker, the players not counted, on its core, once each has one for itself."""
    workers = processes_of(server)["servers"][-count:]
    with contextlib.ExitStack() as stack:
        listeners = []
        for core, worker in enumerate(workers):
            for thread in psutil.Process(worker).threads():
                os.sched_setaffinity(thread.id, {core})
            share = clients - PLAYERS if core == 0 else clients
            listeners.append(stack.enter_context(listening(server.port, share, core, goes_last=True)))
        while server.stats()["online"] < count * clients - PLAYERS:
            if any(process.poll() is not None for process in listeners):
                raise SystemExit("the listeners did not get in")
            time.sleep(0.5)
        yield


def main() -> None:
    """Prints how connections spread, and two tables."""
    if len(sys.argv) > 1:
        print_table(sys.argv[1:], COUNTS)
        return
    print(f"1,000 connections to two workers and to four: {spread(2)}, {spread(4)}\n", flush=True)
    print_table(ROWS, COUNTS)
    print("\nWith so many clients for each worker:\n")
    print_growing_table()


if __name__ == "__main__":
    main()
