"""Three servers on one Redis are as one: each player sees each message once, whatever ends, freezes or is cut off."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from random import Random

import psycopg2
import pytest

from tests.eventually import eventually
from tests.redis_server import RedisServer
from tests.reliability.crowd import Crowd, repeating
from tests.reliability.joined import Joined, joined
from tilo_ws.realtime.kept_log import KEPT_NUMBERS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds PostgreSQL's processes in /proc")

AWAY = r"\bRedis away: "
BACK = r"\bRedis back after "


async def settled(together: Joined, crowd: Crowd) -> None:
    """Everything said was shown to everybody once, in one order, and is stored."""
    await crowd.everything_acknowledged()
    await crowd.everything_shown()
    crowd.check()
    shown = [[message.seq for message in player.shown] for player in crowd.players]
    assert all(numbers == shown[0] for numbers in shown), "one message under two numbers"
    crowd.check_stored(together.postgres.dsn)


@pytest.mark.usefixtures("many_files")
@pytest.mark.parametrize(
    ("players", "rate", "seconds"), [(60, 50, 3), pytest.param(300, 100, 30, marks=pytest.mark.long)], ids=["short", "long"]
)
async def test_players_on_three_servers_see_everything_once_and_in_one_order(
    players: int, rate: float, seconds: int, server_directory: Path, chance: Random
) -> None:
    async with (
        joined(server_directory, 3) as together,
        together.playing(players, chance) as crowd,
    ):
        async with repeating(rate, crowd.say):
            await asyncio.sleep(seconds)
        await settled(together, crowd)
        assert all(not player.repeats for player in crowd.players)


@pytest.mark.usefixtures("many_files")
async def test_players_of_a_killed_server_come_back_elsewhere_and_miss_nothing(server_directory: Path, chance: Random) -> None:
    async with joined(server_directory, 3) as together, together.playing(60, chance) as crowd:
        async with repeating(50, crowd.say), repeating(50, crowd.score):
            await crowd.shown_by_everybody(20)
            assert await together.servers[0].end(signal.SIGKILL) == -signal.SIGKILL
            await crowd.everybody_in()
            await crowd.shown_by_everybody(len(crowd.said) + 10)
        await settled(together, crowd)


@pytest.mark.long
@pytest.mark.usefixtures("many_files")
async def test_players_of_a_server_that_was_frozen_for_longer_than_the_log_reaches_miss_nothing(
    server_directory: Path, chance: Random
) -> None:
    async with joined(server_directory, 2) as together, together.playing(160, chance) as crowd:
        crowd.speakers = crowd.players[::2]  # those of the first server
        frozen = together.servers[1]
        crowd.say()
        await crowd.everything_shown()
        os.kill(frozen.pid, signal.SIGSTOP)
        try:
            cut_off(together.redis)  # else Redis keeps for it what it publishes
            async with repeating(120, crowd.say):
                await asyncio.sleep(1.7 * KEPT_NUMBERS / 120)
            await crowd.everything_acknowledged()
        finally:
            os.kill(frozen.pid, signal.SIGCONT)
        await settled(together, crowd)
        await eventually(lambda: frozen.count("the log has a gap") == 1, interval=0.1)
        assert "sent away" not in frozen.log


async def test_what_a_killed_server_had_published_and_not_stored_is_stored_by_another(
    server_directory: Path, chance: Random
) -> None:
    async with joined(server_directory, 3) as together, together.playing(6, chance) as crowd:
        speaker, *listeners = crowd.players
        together.postgres.freeze()
        said = {speaker.say(str(number)) for number in range(5)}
        await eventually(lambda: all(len(player.shown) == len(said) for player in listeners))
        assert len(speaker.writes) == len(said)
        speaker.writes.clear()  # it never sends them again
        assert await together.servers[0].end(signal.SIGKILL) == -signal.SIGKILL
        together.postgres.thaw()
        await eventually(lambda: stored(together) == said, interval=0.2)


def stored(together: Joined) -> set[str]:
    connection = psycopg2.connect(together.postgres.dsn)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT id::text FROM chat_messages")
            return {id for (id,) in cursor.fetchall()}
    finally:
        connection.close()


def restarted_empty(redis: RedisServer) -> None:
    redis.kill()
    redis.forget()
    redis.start()


def restarted_with_its_data(redis: RedisServer) -> None:
    redis.save()
    redis.kill()
    redis.start()


def restarted_with_old_data(redis: RedisServer) -> None:
    redis.kill()
    redis.start()  # with what the one before has saved


def cut_off(redis: RedisServer) -> None:
    assert redis.cut_connections() > 3


@pytest.mark.usefixtures("many_files")
@pytest.mark.parametrize("frozen", [0.5, pytest.param(10.0, marks=pytest.mark.long)])
async def test_an_outage_of_redis_loses_nothing_and_shows_nothing_twice(
    frozen: float, server_directory: Path, chance: Random
) -> None:
    async with joined(server_directory, 3) as together, together.playing(30, chance) as crowd:
        arrivals = [len(player.returns) for player in crowd.players]
        async with repeating(20, crowd.say), repeating(50, crowd.score):
            await crowd.shown_by_everybody(10)
            for fault in (cut_off, restarted_with_its_data, restarted_with_old_data, restarted_empty):
                before = len(crowd.said)
                await asyncio.to_thread(fault, together.redis)
                await crowd.shown_by_everybody(before + 10)
            together.redis.freeze()
            await asyncio.gather(*(server.becomes("degraded") for server in together.servers))
            scored = sum(len(player.acknowledged) for player in crowd.players)
            await asyncio.sleep(frozen)
            assert sum(len(player.acknowledged) for player in crowd.players) > scored, "scores wait for Redis"
            before = len(crowd.said)
            together.redis.thaw()
            await crowd.shown_by_everybody(before)
        await settled(together, crowd)
        assert [len(player.returns) for player in crowd.players] == arrivals, "somebody was sent away"
        for server in together.servers:
            assert (server.count(AWAY), server.count(BACK)) == (5, 5), server.faults
