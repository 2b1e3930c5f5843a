"""The load player, against a real server."""

import argparse
import asyncio
import json
from typing import Any, cast
from urllib.parse import urlsplit

import msgspec
import pytest

from tests.conftest import StartServer
from tests.eventually import eventually
from tests.fakes import FakeTransport
from tilo_ws.load import command
from tilo_ws.load.command import as_text
from tilo_ws.load.player import Player, Tally
from tilo_ws.load.run import CannotPlay, Plan, Report, Run, percentiles
from tilo_ws.web import keys


async def play(client: Any, **plan: Any) -> Report:
    return await Run(Plan(url=f"ws://{client.host}:{client.port}/ws", **plan), show_progress=False).play()


async def test_every_delivery_and_acknowledgement_is_counted(start_server: StartServer) -> None:
    client = await start_server()
    report = await play(client, clients=20, rate=20, seconds=1, scores=50)
    assert (report.chat_sent, report.deliveries, report.lost) == (20, 20 * 20, 0)
    assert (report.scores_sent, report.scores_acknowledged) == (50, 50)
    assert report.delay is not None
    assert report.ack_delay is not None
    assert "400 deliveries" in as_text(report)


def options(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args(words)


async def test_the_command_prints_its_report_for_programs_and_tells_a_loss_by_its_status(
    start_server: StartServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await start_server()
    url = f"ws://{client.host}:{client.port}/ws"
    words = ("--url", url, "--clients", "2", "--rate", "4", "--seconds", "0.5", "--scores", "2", "--json")
    assert await command.load(options(*words)) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["chat_sent"], report["deliveries"], report["lost"], report["scores_acknowledged"]) == (2, 4, 0, 1)

    async def lose(run: Run) -> Report:
        return msgspec.convert(report | {"lost": 1}, Report)

    monkeypatch.setattr(Run, "play", lose)
    assert await command.load(options("--url", url)) == 1
    assert "\n1 lost, 0 refused" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words", [("--clients", "0"), ("--clients", "-1"), ("--rate", "inf"), ("--seconds", "-1"), ("--length", "-1")]
)
def test_numbers_that_cannot_be_played_are_refused(words: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        options(*words)
    assert f"argument {words[0]}: must" in capsys.readouterr().err


async def test_chat_can_be_kept_in_flight(start_server: StartServer) -> None:
    client = await start_server(chat_rate=0)
    report = await play(client, clients=5, in_flight=4, seconds=0.5)
    assert report.chat_sent > 4
    assert (report.lost, report.deliveries) == (0, 5 * report.chat_sent)


async def test_what_the_server_refuses_is_not_lost(start_server: StartServer) -> None:
    client = await start_server(chat_rate=0.001, chat_burst=1)
    report = await play(client, clients=2, rate=10, seconds=1)
    assert (report.chat_sent, report.errors, report.deliveries, report.lost) == (10, 8, 2 * 2, 0)


async def test_stalled_players_do_not_delay_the_others(start_server: StartServer) -> None:
    client = await start_server()
    report = await play(client, clients=5, rate=5, seconds=1, stalled=2)
    assert (report.clients, report.lost) == (5, 0)


async def test_connections_that_the_server_ends_are_counted(start_server: StartServer) -> None:
    client = await start_server()
    playing = asyncio.create_task(play(client, clients=3, rate=1, seconds=1))
    hub = client.app[keys.HUB]
    await eventually(lambda: len(hub) == 3)
    next(iter(hub)).close(4000)
    assert (await playing).closed == 1


async def test_a_server_that_is_not_there_is_one_line(start_server: StartServer) -> None:
    client = await start_server()
    with pytest.raises(CannotPlay, match=r"player \d+ could not connect to ws://127\.0\.0\.1:9/ws"):
        await Run(Plan(url="ws://127.0.0.1:9/ws", clients=1), show_progress=False).play()
    with pytest.raises(CannotPlay, match=r"HTTP/1\.1 404 Not Found"):
        await Run(Plan(url=f"ws://{client.host}:{client.port}/nowhere", clients=1), show_progress=False).play()


def test_percentiles_are_in_milliseconds() -> None:
    found = percentiles([number / 1000 for number in range(1, 1001)])
    assert found is not None
    assert (round(found.p50_ms), round(found.p99_ms), found.max_ms) == (500, 991, 1000)
    assert percentiles([1.0]) is None


async def test_a_player_that_was_closed_says_nothing_more() -> None:
    transport = FakeTransport()
    player = Player(Tally(), urlsplit("ws://localhost/ws"), 1, measures=False)
    player.connection_made(cast(asyncio.BaseTransport, transport))
    player.say(10)
    transport.closing = True
    player.say(10)
    assert len(transport.written) == 2, "the request and one message"
