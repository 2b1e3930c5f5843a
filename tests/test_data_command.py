"""`export`, `import`, `backup` and `restore` in processes of their own: everything comes back, or nothing does."""

import json
from collections.abc import Callable
from pathlib import Path

import psycopg2
import pytest

from tests.command import output, run, with_input
from tests.conftest import Sql
from tests.stored_data import FIRST_SCHEMA, SINCE, contents
from tilo_ws.data_command import TABLES, export_to, import_from
from tilo_ws.storage import lease
from tilo_ws.storage.export_file import BadExport

EMPTY = f"""
TRUNCATE {", ".join(set(TABLES) - {"server_identity", "admins"})}, server_lease;
DELETE FROM admins WHERE name <> 'admin';
UPDATE admins SET totp_secret = NULL, totp_step = 0;
UPDATE server_identity SET name_key = gen_random_uuid(), slow_mode = NULL, reserved_seq = 0, removed_seq = 0
"""
ROWS = ("players 2", "chat_messages 2", "global_events 1", "bans 2", "admin_actions 1", "recurring_events 1")


class File:
    """An export on its way."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @text.setter
    def text(self, text: str) -> None:
        self.path.write_text(text, encoding="utf-8")

    @property
    def mode(self) -> int:
        return self.path.stat().st_mode & 0o777

    def beginning(self, size: int) -> "File":
        """So many bytes of it, as another file."""
        cut = File(self.path.with_name("cut"))
        cut.path.write_bytes(self.path.read_bytes()[:size])
        return cut

    def neighbours(self) -> list[str]:
        return [file.name for file in self.path.parent.iterdir() if file != self.path]


@pytest.fixture
async def file(tmp_path: Path, dsn: str, sql: Sql) -> File:
    """The export of a database with something in each table."""
    sql(FIRST_SCHEMA + SINCE)
    path = tmp_path / "export.jsonl"
    await export_to(str(path), dsn)
    return File(path)


def test_every_table_is_exported_but_the_two_that_are_about_this_database(sql: Sql) -> None:
    tables = {table for (table,) in sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}
    assert tables - set(TABLES) == {"server_lease", "schema_migrations"}


async def test_all_comes_back_exactly_with_a_new_epoch(
    file: File, dsn: str, sql: Sql, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(sql)
    [epoch] = sql("SELECT epoch FROM server_identity")
    sql(EMPTY)
    assert contents(sql) != before

    await import_from(str(file.path), dsn)

    told = capsys.readouterr().err.splitlines()[-1]
    assert all(rows in told for rows in ROWS)
    assert contents(sql) == before
    assert sql("SELECT epoch FROM server_identity") != [epoch]
    assert sql("SELECT count(*) FROM server_lease") == [(0,)], "the next server need not wait"

    await import_from(str(file.path), dsn)
    assert "left out, as there were such already: players 2, chat_messages 2, shadow" in capsys.readouterr().err
    assert contents(sql) == before


async def test_many_rows_come_back_in_batches(tmp_path: Path, dsn: str, sql: Sql) -> None:
    sql("INSERT INTO players (email) SELECT i || '@example.com' FROM generate_series(1, 2500) AS i")
    await export_to(str(tmp_path / "export"), dsn)
    sql(EMPTY)
    await import_from(str(tmp_path / "export"), dsn)
    assert sql("SELECT count(*) FROM players") == [(2500,)]


async def test_numbers_go_on_above_imported_chat(file: File, dsn: str, sql: Sql) -> None:
    file.text = file.text.replace('"reserved_seq":2000000', '"reserved_seq":3')
    sql(EMPTY)
    await import_from(str(file.path), dsn)
    assert sql("SELECT reserved_seq FROM server_identity") == [(7,)]


async def test_rows_of_an_older_schema_get_the_defaults_of_younger_columns(file: File, dsn: str, sql: Sql) -> None:
    lines = [json.loads(line) for line in file.text.split("\n")[:-1]]
    for line in lines:
        if line.get("table") == "players":
            del line["row"]["survival_time"], line["row"]["updated_at"]
    file.text = "".join(json.dumps(line) + "\n" for line in lines)
    sql(EMPTY)
    await import_from(str(file.path), dsn)
    assert sql("SELECT survival_time, updated_at > now() - interval '1 hour' FROM players") == [(0, True)] * 2


def changed(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new, 1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: "", "the file has no end: it was cut off"),
        (lambda text: text[: text.rindex('{"end"')], "the file has no end: it was cut off"),
        (lambda text: text[:-30], ": Input data was truncated"),
        (lambda text: text + "{}\n", ": there is something after the end"),
        (lambda text: text.split("\n", 1)[1], "line 1: this is no export"),
        (changed('"schema":', '"schema":1'), "this server knows"),
        (changed('"players":2', '"players":3'), "the file has 2 rows of players, its end says 3"),
        (changed('"table":"players"', '"table":"pg_class"'), "line 3: there is no table pg_class"),
        (changed('"row":{"email"', '"rows":{"email"'), "line 3: Object contains unknown field `rows`"),
        (changed('"row":{"email":', '"row":[{"email":'), "line 3: JSON is malformed"),
        (changed('"row":{"email":', '"row":{"e-mail":'), 'lines 3 to 3: column "e-mail"'),
        (changed('"score":9007199254740991', '"score":"many"'), "lines 3 to 4: invalid input syntax for type bigint"),
        (changed('"kind":"mute"', '"kind":"love"'), "violates check constraint"),
    ],
)
async def test_a_file_with_a_mistake_is_refused_and_nothing_is_stored(
    change: Callable[[str], str], said: str, file: File, dsn: str, sql: Sql
) -> None:
    file.text = change(file.text)
    sql(EMPTY)
    before = contents(sql)
    with pytest.raises(BadExport) as refused:
        await import_from(str(file.path), dsn)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
    assert contents(sql) == before


async def test_no_import_while_a_server_is_at_work(file: File, dsn: str, sql: Sql, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "_TAKE_TIMEOUT", 0)
    sql("INSERT INTO server_lease VALUES (true, gen_random_uuid(), 'm', '7', 'other:1', now())")
    before = contents(sql)
    with pytest.raises(lease.LeaseTaken, match="another server uses this database: other:1, process 7"):
        await import_from(str(file.path), dsn)
    assert contents(sql) == before


async def test_an_export_that_fails_leaves_the_old_file_and_nothing_beside_it(file: File, dsn: str, sql: Sql) -> None:
    assert file.mode == 0o600
    before = file.text
    sql("DROP TABLE bans")
    with pytest.raises(psycopg2.errors.UndefinedTable):
        await export_to(str(file.path), dsn)
    assert file.text == before
    assert file.neighbours() == []


async def test_lines_go_through_pipes(server_directory: Path, dsn: str, sql: Sql) -> None:
    sql(FIRST_SCHEMA + SINCE)
    before = contents(sql)
    status, lines, told = await output(server_directory, "export", DATABASE_URL=dsn)
    assert status == 0
    assert all(rows in told for rows in ROWS)
    sql(EMPTY)
    assert await with_input(server_directory, lines, "import", DATABASE_URL=dsn) == (0, "")
    assert contents(sql) == before


async def test_what_cannot_be_done_is_one_line(server_directory: Path, dsn: str, sql: Sql) -> None:
    missing = server_directory / "missing" / "file"
    for words, said in (
        (("import", str(missing)), f"{missing}: No such file or directory"),
        (("export", str(missing)), f"{missing}.unfinished: No such file or directory"),
        (("backup", str(missing)), "DATABASE_URL is set: this saves the embedded database"),
        (("restore", str(missing)), "DATABASE_URL is set: this fills the embedded database"),
    ):
        status, out, err = await output(server_directory, *words, DATABASE_URL=dsn)
        assert (status, out, err.count("\n")) == (1, "", 1), err
        assert said in err
    sql("DELETE FROM schema_migrations WHERE version > 1")
    status, _, err = await output(server_directory, "export", DATABASE_URL=dsn)
    assert (status, err) == (1, "tilo_ws: the database's schema is not up to date: run the command migrate first\n")


async def test_a_backup_of_a_running_server_is_restored_into_an_empty_directory(server_directory: Path) -> None:
    saved = File(server_directory / "tilo.backup")
    async with run(server_directory) as server:
        await server.listening()
        assert (await output(server_directory, "admin", "add", "zoe"))[0] == 0
        assert await output(server_directory, "backup", str(saved.path)) == (0, "", f"saved {saved.path}\n")
        assert saved.mode == 0o600
        assert "is in use by another server" in await refusal(server_directory, saved)
        assert await server.end() == 0
    assert "there is a database in TILO_DATA_DIR already: move it away" in await refusal(server_directory, saved)

    new = {"TILO_DATA_DIR": "new"}
    broken = saved.beginning(100)
    assert "pg_restore failed: " in await refusal(server_directory, broken, **new)
    assert "new" not in saved.neighbours()

    assert await output(server_directory, "restore", str(saved.path), **new) == (0, "", f"restored {saved.path}\n")
    assert "zoe" in (await output(server_directory, "admin", "list", **new))[1]
    _, old_lines, _ = await output(server_directory, "export")
    _, new_lines, _ = await output(server_directory, "export", **new)
    pairs = zip(old_lines.splitlines()[1:], new_lines.splitlines()[1:], strict=True)
    [(old_line, new_line)] = [pair for pair in pairs if pair[0] != pair[1]]
    old_row, new_row = json.loads(old_line)["row"], json.loads(new_line)["row"]
    assert {column for column, value in old_row.items() if new_row[column] != value} == {"epoch"}


async def refusal(directory: Path, saved: File, **variables: str) -> str:
    """The one line with which a restore ends."""
    status, out, err = await output(directory, "restore", str(saved.path), **variables)
    assert (status, out) == (1, "")
    return err.splitlines()[-1]
