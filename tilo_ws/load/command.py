"""The word `load` of the command line."""

import argparse
from typing import Any

import msgspec

from tilo_ws import process_limits
from tilo_ws.load.run import Percentiles, Plan, Report, Run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `load`."""
    plan = Plan()
    parser.add_argument("--clients", type=_players, default=plan.clients, metavar="N", help="players (%(default)s)")
    parser.add_argument(
        "--rate", type=_number, default=plan.rate, metavar="R", help="chat messages a second, of all (%(default)s)"
    )
    parser.add_argument("--seconds", type=_number, default=plan.seconds, metavar="S", help="how long (%(default)s)")
    parser.add_argument("--url", default=plan.url, help="the server's WebSocket (%(default)s)")
    parser.add_argument("--scores", type=_number, default=0.0, metavar="R", help="acknowledged scores a second, of all")
    parser.add_argument("--in-flight", type=_count, default=0, metavar="N", help="instead of a rate: chat messages under way")
    parser.add_argument("--length", type=_count, default=0, metavar="N", help="characters of a chat message, at least")
    parser.add_argument("--stalled", type=_count, default=0, metavar="N", help="further players that never read")
    parser.add_argument("--json", action="store_true", help="print the report as JSON, without a progress bar")


async def load(options: argparse.Namespace) -> int:
    """Plays and prints the report; 1 when something was lost. Raises CannotPlay."""
    process_limits.raise_open_files()
    chosen: dict[str, Any] = {name: getattr(options, name) for name in Plan.__struct_fields__}
    report = await Run(Plan(**chosen), show_progress=not options.json).play()
    print(msgspec.json.encode(report).decode() if options.json else as_text(report))
    return 1 if report.lost or report.scores_acknowledged < report.scores_sent else 0


def as_text(report: Report) -> str:
    """The report for people."""
    lines = [
        f"{report.clients} players connected in {report.connect_s} s ({report.connects_per_second:g} a second)",
        f"{report.chat_sent} messages sent, {report.deliveries} deliveries, {report.deliveries_per_second:,.0f} a second",
        f"{report.lost} lost, {report.errors} refused, {report.closed} connections closed by the server",
    ]
    if report.delay:
        lines.append("delay: " + _as_text(report.delay))
    if report.scores_sent:
        lines.append(
            f"{report.scores_sent} scores sent, {report.scores_acknowledged} acknowledged,"
            f" {report.scores_acknowledged_per_second:,.0f} a second"
        )
    if report.ack_delay:
        lines.append("acknowledged after: " + _as_text(report.ack_delay))
    lines.append(f"the players themselves used {report.player_cpu:.0%} of a core")
    return "\n".join(lines)


def _as_text(delay: Percentiles) -> str:
    return f"p50 {delay.p50_ms} ms, p90 {delay.p90_ms} ms, p99 {delay.p99_ms} ms, at most {delay.max_ms} ms"


def _players(raw: str) -> int:
    value = _count(raw)
    if value == 0:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return value


def _count(raw: str) -> int:
    value = int(raw)
    if value < 0:
        raise argparse.ArgumentTypeError("must not be negative")
    return value


def _number(raw: str) -> float:
    value = float(raw)
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError("must be a number from 0 up")
    return value
