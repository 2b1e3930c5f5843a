"""The faults of aiopg's pool, which nobody above may see."""

from typing import Any

import aiopg
import pytest

from tests.conftest import Sql
from tests.eventually import eventually
from tilo_ws.storage.pool import Pool

KILL_SOME = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tilo_ws' AND pid = ANY (%s)"


async def test_connections_that_die_while_another_is_made_are_replaced(
    dsn: str, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = Pool(3, 4, 5.0)
    await pool.open(dsn)
    assert pool._pool is not None
    first, *others = pool._pool._free

    async def connect_while_others_die(*arguments: Any, **options: Any) -> Any:
        monkeypatch.undo()
        made = await aiopg.connect(*arguments, **options)
        await end(*others)
        return made

    async def end(*connections: Any) -> None:
        sql(KILL_SOME, [connection.raw.info.backend_pid for connection in connections])
        await eventually(lambda: all(connection.closed for connection in connections))

    await end(first)
    monkeypatch.setattr("aiopg.pool.connect", connect_while_others_die)
    assert await pool.execute("SELECT 1 AS one", None, 5.0) == [(1,)]
    await pool.close()
