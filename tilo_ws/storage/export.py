"""Tables written as JSON lines as they are at one moment, and read back whole or not at all.

On a connection of its own instead of the pool's: either is one long transaction.
"""

import contextlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection

from tilo_ws.storage.errors import AccessDenied, DatabaseAway, one_line, translated
from tilo_ws.storage.export_file import BadExport, Batch, Made, batches, first_line, last_line, row_line

_CONNECT_TIMEOUT = 5
_FETCHED_ROWS = 1000

_ONE_MOMENT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL TimeZone = 'UTC'"
_ROWS = sql.SQL("SELECT row_to_json(t)::text FROM {table} AS t")
# Only the columns that the rows have: those that are younger than the file get their defaults.
_STORE = sql.SQL("""
INSERT INTO {table} ({columns})
SELECT {columns} FROM json_populate_recordset(NULL::{table}, %(rows)s)
ON CONFLICT DO NOTHING
""")


@contextlib.contextmanager
def transaction(dsn: str) -> Iterator[Connection]:
    """One transaction, undone after an error. Raises DatabaseAway, AccessDenied."""
    connection = None
    try:
        connection = psycopg2.connect(dsn, connect_timeout=_CONNECT_TIMEOUT)
        yield connection
        connection.commit()
    except psycopg2.Error as error:
        raise translated(error) from error
    finally:
        if connection is not None:
            connection.close()


def write(connection: Connection, tables: Sequence[str], made: Made, counts: Counter[str]) -> Iterator[bytes]:
    """The lines of an export, in a fresh transaction; counts the rows of each table."""
    with connection.cursor() as cursor:
        cursor.execute(_ONE_MOMENT)
    yield first_line(made)
    for table in tables:
        # A cursor of the server's, so that a large table never lies in memory.
        with connection.cursor(name="export") as cursor:
            cursor.itersize = _FETCHED_ROWS
            cursor.execute(_ROWS.format(table=sql.Identifier(table)))
            for (row,) in cursor:
                counts[table] += 1
                yield row_line(table, row.encode())
    yield last_line(counts)


def read(
    connection: Connection,
    lines: Iterable[bytes],
    schema: int,
    merging: Mapping[str, str | None],
    stored: Counter[str],
) -> Iterator[Batch]:
    """Stores an export and yields each batch when it is stored, counting what is new: rows whose keys are there stay out.

    `merging` are the tables that there are, each with the statement, if any, that comes first for those rows that every
    database has already; its parameter `rows` is a JSON array. Raises BadExport.
    """
    with connection.cursor() as cursor:
        for batch in batches(lines, schema):
            if batch.table not in merging:
                raise BadExport(f"line {batch.first}: there is no table {batch.table}")
            table, columns = sql.Identifier(batch.table), sql.SQL(", ").join(map(sql.Identifier, batch.columns))
            rows = {"rows": f"[{b','.join(batch.rows).decode()}]"}
            try:
                if first := merging[batch.table]:
                    cursor.execute(first, rows)
                    stored[batch.table] += cursor.rowcount
                cursor.execute(_STORE.format(table=table, columns=columns), rows)
                stored[batch.table] += cursor.rowcount
            except psycopg2.Error as error:
                if isinstance(translated(error), DatabaseAway | AccessDenied):
                    raise
                raise BadExport(f"lines {batch.first} to {batch.last}: {one_line(error)}") from error
            yield batch
