"""`python -m tilo_ws admin` in a process of its own."""

import re
from pathlib import Path

from tests.command import output, run, with_input
from tests.conftest import Sql
from tilo_ws.services.passwords import Password

BUILT_IN = "admin  admin      built in, its password is in the settings\n"


async def test_an_account_is_made_with_a_password_that_is_shown_once(server_directory: Path, dsn: str, sql: Sql) -> None:
    status, out, log = await output(server_directory, "admin", "add", "zoe", "--role", "moderator", DATABASE_URL=dsn)
    found = re.fullmatch(
        r"zoe can log in to the dashboard as moderator, with the password ((?:[a-z1-9]{4}-){3}[a-z1-9]{4})\n", out
    )
    assert status == 0
    assert found
    [(hash, by)] = sql("SELECT password_hash, created_by FROM admins WHERE name = 'zoe'")
    assert Password(hash).matches(found[1])
    assert by == "the command line"
    _, out, _ = await output(server_directory, "admin", "list", DATABASE_URL=dsn)
    assert out == BUILT_IN + "zoe    moderator\n"
    rows = sql("SELECT admin, action, target, details FROM admin_actions")
    assert rows == [("the command line", "create_admin", "zoe", {})]
    assert "tilo_ws.services.admins: admin action by the command line: create_admin zoe {}\n" in log


async def test_a_password_is_read_and_renews_the_version(server_directory: Path, dsn: str, sql: Sql) -> None:
    await output(server_directory, "admin", "add", "zoe", DATABASE_URL=dsn)
    [before] = sql("SELECT version FROM admins WHERE name = 'zoe'")
    status, out = await with_input(server_directory, "from a file\n", "admin", "password", "zoe", "--ask", DATABASE_URL=dsn)
    assert (status, out) == (0, "zoe was logged out and has another password\n")
    [(hash, version)] = sql("SELECT password_hash, version FROM admins WHERE name = 'zoe'")
    assert Password(hash).matches("from a file")
    assert version != before[0]


async def test_codes_are_turned_off_and_an_account_is_removed(server_directory: Path, dsn: str, sql: Sql) -> None:
    await output(server_directory, "admin", "add", "zoe", DATABASE_URL=dsn)
    sql("UPDATE admins SET totp_secret = 'SECRET'")
    for name in ("zoe", "admin"):
        assert (await output(server_directory, "admin", "totp-off", name, DATABASE_URL=dsn))[0] == 0
    assert sql("SELECT name FROM admins WHERE totp_secret IS NOT NULL") == []
    assert (await output(server_directory, "admin", "remove", "zoe", DATABASE_URL=dsn))[0] == 0
    assert sql("SELECT name FROM admins") == [("admin",)]


async def test_what_cannot_be_done_is_one_line(server_directory: Path, dsn: str, sql: Sql) -> None:
    for words, text in (
        (("add", "admin"), "name: admin is taken"),
        (("add", "Zoë"), "name: must be 1 to 32 of a-z, 0-9, dot, hyphen and underscore, beginning with a letter or digit"),
        (("password", "admin"), "there is no account admin, or it is the built-in one"),
        (("remove", "admin"), "there is no account admin, or it is the built-in one"),
        (("remove", "zoe"), "there is no account zoe, or it is the built-in one"),
        (("totp-off", "zoe"), "there is no account zoe, or it is the built-in one"),
    ):
        status, out, err = await output(server_directory, "admin", *words, DATABASE_URL=dsn)
        assert (status, out, err.splitlines()[-1]) == (1, "", f"tilo_ws: {text}"), words
    assert sql("SELECT name FROM admins") == [("admin",)]
    assert sql("SELECT * FROM admin_actions") == []


async def test_it_works_before_the_first_start_and_beside_a_running_server(server_directory: Path) -> None:
    assert (await output(server_directory, "admin", "add", "before"))[0] == 0
    async with run(server_directory) as server:
        await server.listening()
        assert (await output(server_directory, "admin", "add", "beside"))[0] == 0
        _, out, _ = await output(server_directory, "admin", "list")
        assert [line.split()[0] for line in out.splitlines()] == ["admin", "before", "beside"]
        assert await server.end() == 0
    _, out, _ = await output(server_directory, "admin", "list")
    assert [line.split()[0] for line in out.splitlines()] == ["admin", "before", "beside"]
