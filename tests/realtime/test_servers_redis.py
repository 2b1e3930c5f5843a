"""Servers that Redis joins: who lives, who leads, how many players there are, and what they ask each other."""

import asyncio

import pytest

from tests.eventually import eventually
from tests.realtime.together import together
from tests.redis_server import RedisServer
from tilo_ws.realtime.servers import PrefixTaken


@pytest.fixture
def url(any_redis: RedisServer) -> str:
    return any_redis.url


async def test_players_of_all_servers_are_counted(url: str) -> None:
    async with together(url) as servers:
        first, second, third = [await servers.join(name, count) for name, count in (("a", 1), ("b", 20), ("c", 300))]
        for server in (first, second):
            await server.beat()
        assert [server.online for server in (first, second, third)] == [321, 321, 321]
        servers.counts["a"] = 2
        assert (first.online, second.online) == (322, 321), "its own at once, the others' at the next beat"
        for server in (first, second):
            await server.beat()
        assert second.online == 322


async def test_a_dead_server_counts_no_more_and_the_oldest_that_lives_leads(url: str) -> None:
    async with together(url) as servers:
        first, second, third = [await servers.join(name, 1) for name in "abc"]
        for server in (first, second, third):
            await server.beat()
        assert [server.leads for server in (first, second, third)] == [True, False, False]
        await servers.die("a")
        for server in (second, third):
            await server.beat()
        assert [server.online for server in (second, third)] == [2, 2]
        assert [server.leads for server in (second, third)] == [True, False]
        assert [one.name for one in third.all()] == ["b", "c"]
        assert servers.told == ["b", "c"], "each reads again what the dead one may not have told"
        await third.beat()
        assert servers.told == ["b", "c"]


async def test_the_leader_takes_over_what_a_dead_server_has_not_stored_once(url: str) -> None:
    async with together(url) as servers:
        first = await servers.join("a", stored_below=20)
        second = await servers.join("b", stored_below=10)
        await servers.join("c", stored_below=30)
        await first.beat()
        await servers.die("b")
        for server in (first, first):
            assert first.stored_below == 10, "nothing that the dead one may have published is trimmed before"
            await server.beat()
        assert servers.adopted == [("a", "b")]
        await first.beat()
        assert first.stored_below == 20
        await second.beat()  # it was frozen, not dead
        await first.beat()
        assert [one.name for one in first.all()] == ["a", "b", "c"]


async def test_what_a_server_has_not_stored_when_it_ends_is_stored_by_the_others(url: str) -> None:
    async with together(url) as servers:
        first, second = await servers.join("a", stored_below=20), await servers.join("b", stored_below=10)
        assert not await second.leave(unstored=True)
        await servers.die("b")
        await first.beat()
        assert servers.adopted == [("a", "b")]


async def test_who_ends_is_off_the_list_at_once_and_the_last_one_knows_that_it_is(url: str) -> None:
    async with together(url) as servers:
        first, second = await servers.join("a", 1), await servers.join("b", 1)
        await first.beat()
        assert not await second.leave()
        await first.beat()
        assert first.online == 1
        assert await first.leave()


async def test_servers_of_two_games_do_not_mix_under_one_prefix(url: str) -> None:
    async with together(url) as servers:
        first = await servers.join("a", epoch="one")
        joining = asyncio.create_task(servers.join("b", epoch="another"))
        while not joining.done():
            servers.clock.now += 0.1
            await first.beat()
            await asyncio.sleep(0.01)
        with pytest.raises(PrefixTaken, match="a among them: give each game a TILO_REDIS_PREFIX of its own"):
            await joining
        await servers.die("b")
        await first.beat()
        await servers.join("c", epoch="one")


async def test_a_killed_server_of_a_database_that_a_backup_has_replaced_is_waited_for_and_left_alone(url: str) -> None:
    async with together(url) as servers:
        await servers.join("a", epoch="one")
        joining = asyncio.create_task(servers.join("b", epoch="another"))
        await eventually(lambda: "b" in servers.links and joining.done() is False)
        await servers.die("a")
        second = await joining
        await second.beat()
        assert ([one.name for one in second.all()], servers.adopted) == (["b"], [])


async def test_a_question_is_answered_by_all_others(url: str) -> None:
    async with together(url) as servers:
        first, second, third = [await servers.join(name) for name in "abc"]
        for server in (first, second, third):
            await server.beat()
        answers = await asyncio.gather(
            *(server.ask("length", "four" * n, int) for n, server in enumerate((first, second, third)))
        )
        assert answers == [[0, 0], [4, 4], [8, 8]]


async def test_a_server_that_is_alone_asks_nobody(url: str) -> None:
    async with together(url) as servers:
        assert await (await servers.join("a")).ask("length", "four", int) == []


async def test_who_cannot_answer_is_waited_for_a_second_and_no_more(url: str) -> None:
    async with together(url) as servers:
        first, _ = await servers.join("a"), await servers.join("b")
        await first.beat()
        async with asyncio.timeout(10):
            assert await first.ask("fault", "no number", int) == []
            assert await first.ask("a topic of a newer version", "", int) == []


async def test_nobody_waits_for_a_server_that_has_been_silent_for_a_while(url: str) -> None:
    async with together(url) as servers:
        first, _ = await servers.join("a"), await servers.join("b")
        await first.beat()
        servers.clock.now += 3
        assert await first.ask("length", "four", int) == []
        await first.beat()  # tells it how old the other's beat is by Redis's time
        assert await first.ask("length", "four", int) == [4]


async def test_servers_that_start_together_have_one_claim(url: str) -> None:
    async with together(url) as servers:
        both = [await servers.join(name) for name in "ab"]
        key = servers.links["a"].key("claim")
        execute = servers.links["a"]._execute

        async def lose_it_then(*words: object) -> object:
            answer = await execute(*words)
            await servers.links["b"].command("DEL", key)  # as Redis does that was started anew
            return answer

        servers.links["a"]._execute = lose_it_then  # type: ignore[method-assign]
        assert await both[0].shared_claim(None)


async def test_joined_servers_have_one_claim_also_after_redis_was_emptied(url: str) -> None:
    async with together(url) as servers:
        first, second = await servers.join("a"), await servers.join("b")
        claim = await first.shared_claim(None)
        assert claim == await second.shared_claim(None)
        await servers.links["a"].command("DEL", servers.links["a"].key("claim"))
        assert await first.shared_claim(claim) == claim
        assert await second.shared_claim(None) == claim


async def test_all_servers_have_the_time_of_redis_whatever_their_own_clocks_say(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with together(url) as servers:
        first = await servers.join("a")
        with monkeypatch.context() as patched:
            patched.setattr("time.time", lambda: 0.0)
            second = await servers.join("b")
        seconds, _ = await servers.links["a"].command("TIME")
        assert abs(first.now() - second.now()) < 60
        assert abs(second.now() - int(seconds)) < 60
        before = second.now()
        servers.clock.now += 5
        assert second.now() == pytest.approx(before + 5)
