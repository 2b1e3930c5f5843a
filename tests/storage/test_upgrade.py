"""From the oldest schema to the newest, with data: every row is as it was, and the server goes on with them."""

from typing import Any

from tests.conftest import Sql, StartServer
from tests.stored_data import FIRST_SCHEMA, ZOE
from tests.web.conversation import CHAT, ask, join
from tilo_ws import resources
from tilo_ws.storage.database import Database
from tilo_ws.storage.migrations import migrate, read_migrations

COLUMNS = (
    "SELECT table_name, array_agg(column_name::text) FROM information_schema.columns WHERE table_schema = 'public' GROUP BY 1"
)


def rows(sql: Sql, tables: dict[str, list[str]]) -> dict[str, list[Any]]:
    """All rows of these columns."""
    return {table: sorted(sql(f"SELECT {', '.join(names)} FROM {table}"), key=repr) for table, names in tables.items()}


async def test_a_database_of_the_first_schema_is_served_by_the_newest_server(
    database: Database, sql: Sql, start_server: StartServer, api_headers: dict[str, str]
) -> None:
    migrations = read_migrations(resources.MIGRATIONS)
    sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    await migrate(database, migrations[:1])
    sql(FIRST_SCHEMA)
    tables = {table: names for table, names in sql(COLUMNS) if table not in ("schema_migrations", "server_lease")}
    before = rows(sql, tables)
    assert all(before.values()), "something in each table"

    await migrate(database, migrations)
    assert rows(sql, tables) == before

    client = await start_server()
    player = await join(client)
    welcome = await ask(player, type="hello", history=10)
    assert [(message["seq"], message["id"]) for message in welcome["messages"]] == [(7, ZOE)]
    assert (await ask(player, type="get_events"))["events"][0]["type"] == "score_multiplier"
    entries = (await ask(player, type="get_leaderboard"))["entries"]
    assert [entry["score"] for entry in entries] == [2**53 - 1, 7]
    bans = await (await client.get("/api/v1/bans", headers=api_headers)).json()
    assert sorted(ban["kind"] for ban in bans) == ["ban", "mute"]
    assert (await ask(player, **CHAT))["seq"] == 2_000_001, "above all numbers that the old server may have given out"
