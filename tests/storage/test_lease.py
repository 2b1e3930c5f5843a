"""The lease: one server numbers the chat of a database."""

import asyncio
import os
import sys
from uuid import NAMESPACE_DNS, uuid5

import pytest

from tests.fakes import FakeClock
from tilo_ws.storage.database import Database
from tilo_ws.storage.lease import Lease, LeaseTaken, SharedClaim, alone


def joined_by(redis: str) -> SharedClaim:
    """The claim that servers share that are joined by one Redis."""

    async def claim(held: str | None) -> str | None:
        return held or str(uuid5(NAMESPACE_DNS, redis))

    return claim


async def test_the_second_server_waits_and_then_names_the_first(database: Database) -> None:
    await Lease(database, "first:8765", alone).take()
    clock = FakeClock()
    with pytest.raises(LeaseTaken, match=rf"first:8765, process {os.getpid()}"):
        await Lease(database, "second:8765", alone).take(clock, clock.sleep)
    assert 20 <= clock.now - 1_000 < 22


async def test_a_released_lease_is_free_at_once(database: Database) -> None:
    first = Lease(database, "first:8765", alone)
    await first.take()
    await first.release()
    clock = FakeClock()
    await Lease(database, "second:8765", alone).take(clock, clock.sleep)
    assert clock.now == 1_000


async def test_an_expired_lease_is_free(database: Database) -> None:
    await Lease(database, "first:8765", alone).take()
    await database.execute("UPDATE server_lease SET renewed_at = now() - interval '16 seconds'")
    clock = FakeClock()
    await Lease(database, "second:8765", alone).take(clock, clock.sleep)
    assert clock.now == 1_000


async def test_a_renewed_lease_is_not_free(database: Database) -> None:
    first = Lease(database, "first:8765", alone)
    await first.take()
    await database.execute("UPDATE server_lease SET renewed_at = now() - interval '14 seconds'")
    await first.renew()
    [row] = await database.execute("SELECT now() - renewed_at < interval '5 seconds' AS fresh FROM server_lease")
    assert row.fresh


async def test_the_lease_of_a_process_that_is_gone_is_free_at_once(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = await asyncio.create_subprocess_exec(sys.executable, "-c", "")
    await ended.wait()
    with monkeypatch.context() as dead:
        dead.setattr(os, "getpid", lambda: ended.pid)
        await Lease(database, "first:8765", alone).take()
    clock = FakeClock()
    await Lease(database, "second:8765", alone).take(clock, clock.sleep)
    assert clock.now == 1_000


async def test_a_process_number_given_again_is_not_the_same_process(database: Database) -> None:
    await Lease(database, "first:8765", alone).take()
    await database.execute("UPDATE server_lease SET process = split_part(process, ' ', 1) || ' 1'")
    clock = FakeClock()
    await Lease(database, "second:8765", alone).take(clock, clock.sleep)
    assert clock.now == 1_000


async def test_a_process_of_another_machine_is_not_judged(database: Database) -> None:
    await Lease(database, "first:8765", alone).take()
    await database.execute("UPDATE server_lease SET machine = 'elsewhere', process = '4000000 1'")
    clock = FakeClock()
    with pytest.raises(LeaseTaken, match="first:8765, process 4000000"):
        await Lease(database, "second:8765", alone).take(clock, clock.sleep)


async def test_a_server_that_lost_its_lease_hears_so(database: Database) -> None:
    first, second = Lease(database, "first:8765", alone), Lease(database, "second:8765", alone)
    await first.take()
    await database.execute("UPDATE server_lease SET renewed_at = now() - interval '16 seconds'")
    await second.take()
    with pytest.raises(LeaseTaken, match="second:8765"):
        await first.renew()


async def test_joined_servers_hold_it_together_until_the_last_ends(database: Database) -> None:
    first, second = (Lease(database, f"{name}:8765", joined_by("redis")) for name in ("first", "second"))
    await first.take()
    await second.take()
    await first.renew()
    clock = FakeClock()
    with pytest.raises(LeaseTaken, match=r"^servers that Redis joins use this database, first:8765 among them\. End them"):
        await Lease(database, "lone:8765", alone).take(clock, clock.sleep)
    with pytest.raises(LeaseTaken, match=r"^servers that Redis joins use this database"):
        await Lease(database, "elsewhere:8765", joined_by("another redis")).take(clock, clock.sleep)
    await second.release()
    await Lease(database, "lone:8765", alone).take()


async def test_a_server_that_is_alone_keeps_joined_ones_away(database: Database) -> None:
    await Lease(database, "lone:8765", alone).take()
    clock = FakeClock()
    with pytest.raises(LeaseTaken, match="another server uses this database: lone:8765"):
        await Lease(database, "first:8765", joined_by("redis")).take(clock, clock.sleep)


async def test_joined_servers_are_not_judged_by_the_process_that_renewed_last(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = await asyncio.create_subprocess_exec(sys.executable, "-c", "")
    await ended.wait()
    with monkeypatch.context() as dead:
        dead.setattr(os, "getpid", lambda: ended.pid)
        await Lease(database, "first:8765", joined_by("redis")).take()
    clock = FakeClock()
    with pytest.raises(LeaseTaken):
        await Lease(database, "lone:8765", alone).take(clock, clock.sleep)


async def test_a_claim_that_was_lost_and_restored_while_a_server_waits_is_the_one_it_takes(database: Database) -> None:
    await Lease(database, "first:8765", joined_by("redis")).take()
    claims = iter([str(uuid5(NAMESPACE_DNS, "made anew")), str(uuid5(NAMESPACE_DNS, "redis"))])

    async def claim(held: str | None) -> str | None:
        return held or next(claims)

    clock = FakeClock()
    await Lease(database, "second:8765", claim).take(clock, clock.sleep)
    assert clock.now == 1_000.5
