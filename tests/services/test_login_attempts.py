"""How often somebody may try to log in, and how many refusals are told of."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.conftest import open_directory
from tests.fakes import FakeClock
from tests.redis_server import RedisServer, running
from tilo_ws.realtime.redis_link import RedisLink
from tilo_ws.realtime.shared_store import SharedStore
from tilo_ws.services.login_attempts import LoginAttempts, TooManyAttempts


async def refusal(attempts: LoginAttempts, ip: str) -> TooManyAttempts:
    """The next one of this address, whose attempts are used up."""
    try:
        while True:
            await attempts.take(ip)
    except TooManyAttempts as refused:
        return refused


async def test_a_refusal_is_told_once_a_minute_for_each_network() -> None:
    clock = FakeClock()
    attempts = LoginAttempts(clock=clock)
    assert [(await refusal(attempts, "192.0.2.1")).is_told for _ in range(3)] == [True, False, False]
    assert (await refusal(attempts, "192.0.2.2")).is_told
    assert (await refusal(attempts, "2001:db8::1")).is_told
    assert not (await refusal(attempts, "2001:db8::2")).is_told
    clock.now += 60
    assert (await refusal(attempts, "192.0.2.1")).is_told


async def test_refusals_of_very_many_networks_are_told_as_a_sample() -> None:
    attempts = LoginAttempts(clock=FakeClock())
    told = [(await refusal(attempts, f"192.0.2.{number}")).is_told for number in range(250)]
    assert told == [True] * 20 + [False] * 230


@pytest.fixture(scope="module")
def valkey() -> Iterator[RedisServer]:
    with open_directory() as directory, running(directory) as server:
        yield server


@pytest.fixture
async def shared(valkey: RedisServer) -> AsyncIterator[SharedStore]:
    valkey.ask("FLUSHALL")
    link = RedisLink(valkey.url, "test", time_limit=0.5)
    link.follow("nothing", lambda content: None)
    await link.open()
    yield SharedStore(link)
    await link.close()


async def test_attempts_on_several_servers_count_together(shared: SharedStore) -> None:
    one, other = (LoginAttempts(shared, FakeClock()) for _ in range(2))
    assert [await one.take("192.0.2.1", "zoe") for _ in range(3)] == [4, 3, 2]
    assert [await other.take("192.0.2.1", "zoe") for _ in range(2)] == [1, 0]
    for ip in ("192.0.2.1", "192.0.2.2"):
        with pytest.raises(TooManyAttempts, match=r"again in (59|60) seconds"):
            await one.take(ip, "zoe")
    assert await other.take("192.0.2.2", "ada") == 4, "what was refused took nothing"
    await other.forget("192.0.2.1", "zoe")
    assert await one.take("192.0.2.1", "zoe") == 4


async def test_attempts_from_everywhere_count_over_all_servers(shared: SharedStore) -> None:
    servers = [LoginAttempts(shared, FakeClock()) for _ in range(2)]
    taken = 0
    refusals: list[str] = []
    while not refusals:
        try:
            await servers[taken % 2].take(f"192.0.2.{taken}")
            taken += 1
        except TooManyAttempts as refused:
            refusals.append(str(refused))
    assert refusals == ["Too many attempts. Try again in 1 seconds."]
    assert taken >= 100


async def test_while_valkey_is_away_each_server_counts_by_itself(shared: SharedStore, valkey: RedisServer) -> None:
    attempts = LoginAttempts(shared, FakeClock())
    valkey.freeze()
    try:
        assert [await attempts.take("192.0.2.1") for _ in range(2)] == [4, 3]
    finally:
        valkey.thaw()
