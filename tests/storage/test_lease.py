"""The lease: one server numbers the chat of a database."""

import asyncio
import os
import sys

import pytest

from tests.fakes import FakeClock
from tilo_ws.storage.database import Database
from tilo_ws.storage.lease import Lease, LeaseTaken


async def test_the_second_server_waits_and_then_names_the_first(database: Database) -> None:
    await Lease(database, "first:8765").take()
    clock = FakeClock()
    with pytest.raises(LeaseTaken, match=rf"first:8765, process {os.getpid()}"):
        await Lease(database, "second:8765").take(clock, clock.sleep)
    assert 20 <= clock.now - 1_000 < 22


async def test_a_released_lease_is_free_at_once(database: Database) -> None:
    first = Lease(database, "first:8765")
    await first.take()
    await first.release()
    clock = FakeClock()
    await Lease(database, "second:8765").take(clock, clock.sleep)
    assert clock.now == 1_000


async def test_an_expired_lease_is_free(database: Database) -> None:
    await Lease(database, "first:8765").take()
    await database.execute("UPDATE server_lease SET renewed_at = now() - interval '16 seconds'")
    clock = FakeClock()
    await Lease(database, "second:8765").take(clock, clock.sleep)
    assert clock.now == 1_000


async def test_a_renewed_lease_is_not_free(database: Database) -> None:
    first = Lease(database, "first:8765")
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
        await Lease(database, "first:8765").take()
    clock = FakeClock()
    await Lease(database, "second:8765").take(clock, clock.sleep)
    assert clock.now == 1_000


async def test_a_process_number_given_again_is_not_the_same_process(database: Database) -> None:
    await Lease(database, "first:8765").take()
    await database.execute("UPDATE server_lease SET process = split_part(process, ' ', 1) || ' 1'")
    clock = FakeClock()
    await Lease(database, "second:8765").take(clock, clock.sleep)
    assert clock.now == 1_000


async def test_a_process_of_another_machine_is_not_judged(database: Database) -> None:
    await Lease(database, "first:8765").take()
    await database.execute("UPDATE server_lease SET machine = 'elsewhere', process = '4000000 1'")
    clock = FakeClock()
    with pytest.raises(LeaseTaken, match="first:8765, process 4000000"):
        await Lease(database, "second:8765").take(clock, clock.sleep)


async def test_a_server_that_lost_its_lease_hears_so(database: Database) -> None:
    first, second = Lease(database, "first:8765"), Lease(database, "second:8765")
    await first.take()
    await database.execute("UPDATE server_lease SET renewed_at = now() - interval '16 seconds'")
    await second.take()
    with pytest.raises(LeaseTaken, match="second:8765"):
        await first.renew()
