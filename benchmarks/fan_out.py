"""Deliveries: this server, plain aiohttp and websockets' broadcast, side by side.

.venv/bin/python -m benchmarks.fan_out            all rows, about eight minutes
.venv/bin/python -m benchmarks.fan_out 1000x200   one row: clients x messages a second, or 1000w16: 16 in flight
"""

import contextlib
import re
import sys
from typing import Any

from benchmarks.servers import Server, lag_p99_ms, script, tilo

ROWS = ["1000x50", "1000x200", "5000x40", "1000w16", "10000x100"]
SECONDS = 6


def plan_of(row: str) -> dict[str, float]:
    """What the load player is told for a row."""
    parts = re.fullmatch(r"(\d+)([xw])(\d+)", row)
    if parts is None:
        raise SystemExit(f"{row}: expected for example 1000x200 or 1000w16")
    number = int(parts[3])
    how = {"rate": number} if parts[2] == "x" else {"in_flight": number}
    return {"clients": int(parts[1]), "seconds": SECONDS, **how}


def measured(server: Server, row: str, has_lags: bool) -> dict[str, Any]:
    """The report of the load player, the server's CPU for each delivery in microseconds, the connects not counted, and the
    p99 of its event loop's lag in milliseconds where it tells that, the connects included."""
    server.play(clients=plan_of(row)["clients"], seconds=1, rate=0)
    connects = server.cpu_s()
    server.play(clients=plan_of(row)["clients"], seconds=1, rate=0)
    connects = server.cpu_s() - connects
    lags = server.lags() if has_lags else {}
    before = server.cpu_s()
    report = server.play(**plan_of(row))
    cpu_s = server.cpu_s() - before - connects
    lag = f"{lag_p99_ms(lags, server.lags()):.1f}" if has_lags else "-"
    return report | {"cpu_us": cpu_s / max(report["deliveries"], 1) * 1e6, "lag_ms": lag}


def main() -> None:
    """Prints a table in Markdown."""
    print("| clients x rate | server | CPU µs a delivery | deliveries/s | lost | p50 ms | p99 ms | lag p99 ms | player's CPU |")
    print("|---|---|---|---|---|---|---|---|---|")
    for row in sys.argv[1:] or ROWS:
        for name, server in (
            ("tilo_ws", tilo),
            ("aiohttp send_str", lambda: script("plain_aiohttp.py")),
            ("websockets broadcast", lambda: script("websockets_broadcast.py")),
        ):
            with contextlib.ExitStack() as stack:
                report = measured(stack.enter_context(server()), row, has_lags=name == "tilo_ws")
            delay = report["delay"] or {"p50_ms": "-", "p99_ms": "-"}
            print(
                f"| {row} | {name} | {report['cpu_us']:.2f} | {report['deliveries_per_second']:,.0f} | {report['lost']:,}"
                f" | {delay['p50_ms']} | {delay['p99_ms']} | {report['lag_ms']} | {report['player_cpu']:.0%} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
