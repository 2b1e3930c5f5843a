"""One process against several workers on the same core: the CPU of a delivery, and how connections spread.

.venv/bin/python -m benchmarks.workers            all rows, about five minutes
.venv/bin/python -m benchmarks.workers 1000x200   one row, as in benchmarks.fan_out
"""

import contextlib
import socket
import sys
import time
from typing import Any

import psutil

from benchmarks.fan_out import plan_of
from benchmarks.servers import Server, cpu_s, tilo

ROWS = ["1000x50", "1000x200", "1000w16", "5000x40"]
COUNTS = [1, 2, 4]

GROWING_ROWS = ["1000x50", "1000x100"]
"""Those with so many players for each worker: what workers are for."""

GROWING_COUNTS = [1, 2]


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


def print_table(rows: list[str], counts: list[int], *, growing: bool = False) -> None:
    """In Markdown; the clients of a row are those of all workers, or of each where they grow with these."""
    print(
        "| clients x rate | workers | CPU µs a delivery | of it Valkey | deliveries/s | lost | p50 ms | p99 ms | player's CPU |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for row in rows:
        for count in counts:
            plan = plan_of(row)
            if growing:
                plan["clients"] *= count
            with tilo("--workers", str(count)) as server:
                report = measured(server, plan)
            cpu_us, delay = report["cpu_us"], report["delay"] or {"p50_ms": "-", "p99_ms": "-"}
            print(
                f"| {row} | {count} | {sum(cpu_us.values()):.2f} | {cpu_us['valkey']:.2f}"
                f" | {report['deliveries_per_second']:,.0f} | {report['lost']:,}"
                f" | {delay['p50_ms']} | {delay['p99_ms']} | {report['player_cpu']:.0%} |",
                flush=True,
            )


def main() -> None:
    """Prints how connections spread, and two tables."""
    if len(sys.argv) > 1:
        print_table(sys.argv[1:], COUNTS)
        return
    print(f"1,000 connections to two workers and to four: {spread(2)}, {spread(4)}\n", flush=True)
    print_table(ROWS, COUNTS)
    print("\nWith so many clients for each worker:\n")
    print_table(GROWING_ROWS, GROWING_COUNTS, growing=True)


if __name__ == "__main__":
    main()
