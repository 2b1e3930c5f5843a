"""This server alone: acknowledged scores, memory, crowds that come and go, readers that have stalled, floods.

.venv/bin/python -m benchmarks.server_figures            all, about eleven minutes
.venv/bin/python -m benchmarks.server_figures memory     one: scores, throughput, memory, churn, stalled, flood
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg2

from benchmarks.flooders import FRAMES
from benchmarks.servers import PLAYER_CORE, Server, lag_p99_ms, tilo
from tilo_ws.storage.embedded import EmbeddedPostgres


def scores() -> None:
    """1,000 players, each one acknowledged score a second, for a minute."""
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o711)
        postgres = EmbeddedPostgres(Path(directory))
        try:
            address = postgres.start()
            with tilo(DATABASE_URL=address) as server:
                before, lags = transactions(address), server.lags()
                report = server.play(clients=1000, rate=0, scores=1000, seconds=60)
                lag = lag_p99_ms(lags, server.lags())
                count = transactions(address) - before
        finally:
            postgres.stop()
    acknowledged = f"{report['scores_acknowledged']} of {report['scores_sent']}"
    print(f"1,000 scores a second: {acknowledged} acknowledged, after {report['ack_delay']}; {count} transactions in all")
    print(f"event-loop lag: p99 {lag:.1f} ms")


def transactions(address: str) -> int:
    """How many PostgreSQL has committed in this database. It counts a little late."""
    time.sleep(2)
    with contextlib.closing(psycopg2.connect(address)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def throughput(server: Server) -> None:
    """As many acknowledged scores as one core carries."""
    for rate in (10_000, 20_000, 30_000, 40_000):
        before = server.cpu_s()
        report = server.play(clients=200, rate=0, scores=rate, seconds=5)
        cpu_us = (server.cpu_s() - before) / max(report["scores_acknowledged"], 1) * 1e6
        print(
            f"{rate} scores a second asked: {report['scores_acknowledged_per_second']:,.0f} acknowledged a second,"
            f" {cpu_us:.1f} µs of CPU each, {report['ack_delay']}, the player used {report['player_cpu']:.0%}"
        )


def memory(server: Server) -> None:
    """Resident memory of an idle connection, at 10,000."""
    before = server.resident_kb()
    server.play(clients=10_000, rate=0, seconds=3)
    print(f"memory: {(server.resident_kb() - before) / 10_000:.1f} kB for each of 10,000 idle connections")


def churn(server: Server) -> None:
    """10,000 connect and drop three times. With all of them connected it takes as much each time: nothing is left behind."""
    for turn in range(3):
        with ThreadPoolExecutor() as thread:
            playing = thread.submit(server.play, clients=10_000, rate=0, seconds=1)
            most = 0
            while not playing.done() or server.stats()["connections"]:
                most = max(most, server.resident_kb())
                time.sleep(0.1)
        print(f"churn {turn + 1}: {most:,} kB at most, {server.resident_kb():,} kB after, no connection left", flush=True)


def stalled(server: Server) -> None:
    """20 of 1,000 never read."""
    for number in (0, 20, 0, 20):
        report = server.play(clients=1000 - number, stalled=number, rate=200, length=450, seconds=60)
        closed = server.stats()["slow_consumers"]
        print(f"{number} stalled: {report['delay']}, {report['lost']} lost, {closed} closed as slow so far")


def flood(kind: str) -> None:
    """50 connections that flood among 500 players, with the limits that users get, in turn with runs without a flood."""
    limits = {"TILO_CHAT_RATE": "2", "TILO_COMMAND_RATE": "20", "TILO_MAX_CONNECTIONS_PER_IP": "100"}
    with tilo(**limits) as server:
        reports = []
        for count in (0, 50, 0, 50):
            with flooders(server, kind, count):
                reports.append(server.play(clients=500, rate=50, seconds=5))
    delays = ", ".join(f"{report['delay']['p50_ms']:.0f}/{report['delay']['p99_ms']:.0f}" for report in reports)
    counts = {name: sum(report[name] for report in reports) for name in ("lost", "errors", "closed")}
    print(f"flood of {kind}: p50/p99 ms without, with, without, with: {delays}; {counts}", flush=True)


@contextlib.contextmanager
def flooders(server: Server, kind: str, count: int) -> Iterator[None]:
    """So many of a kind, on the players' core, while the block lasts."""
    command = [sys.executable, str(Path(__file__).parent / "flooders.py"), str(server.port), kind, str(count)]
    process = subprocess.Popen(command)
    os.sched_setaffinity(process.pid, {PLAYER_CORE})
    try:
        yield
    finally:
        process.kill()
        process.wait()


def main() -> None:
    """Prints a line for each figure."""
    chosen = sys.argv[1:] or ["scores", "throughput", "memory", "churn", "stalled", "flood"]
    for name in chosen:
        if name == "scores":
            scores()
            continue
        if name == "flood":
            for kind in FRAMES:
                flood(kind)
            continue
        with tilo() as server:
            lags = server.lags()
            {"throughput": throughput, "memory": memory, "churn": churn, "stalled": stalled}[name](server)
            print(f"event-loop lag: p99 {lag_p99_ms(lags, server.lags()):.1f} ms", flush=True)


if __name__ == "__main__":
    main()
