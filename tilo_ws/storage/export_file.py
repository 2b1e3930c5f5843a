"""The file of an export: JSON lines, of which the last tells a whole one from one that was cut off.

The first line says which schema the rows are of, each further one is a row of a table, the last has the number of rows of each.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

_BATCH_ROWS = 1000


class BadExport(Exception):
    """An export cannot be read back: nothing of it is stored. The text says where and why."""


class Made(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When an export was made (ISO 8601), and from which version of the schema."""

    schema: int
    at: str


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    export: Made | None = None
    table: str | None = None
    row: msgspec.Raw = msgspec.Raw()  # empty where there is none
    end: Mapping[str, int] | None = None


class Batch(NamedTuple):
    """Rows of one table with the same columns: JSON objects, from the lines `first` to `last` of the file."""

    table: str
    columns: tuple[str, ...]
    rows: list[bytes]
    first: int
    last: int


_encode = msgspec.json.Encoder().encode
_line = msgspec.json.Decoder(_Line)
_row = msgspec.json.Decoder(dict[str, msgspec.Raw])


def first_line(made: Made) -> bytes:
    """How a file begins."""
    return _encode({"export": made}) + b"\n"


def row_line(table: str, row: bytes) -> bytes:
    """A row; its JSON has no line breaks."""
    return _encode({"table": table, "row": msgspec.Raw(row)}) + b"\n"


def last_line(counts: Mapping[str, int]) -> bytes:
    """How a file ends: rows of each table."""
    return _encode({"end": counts}) + b"\n"


def batches(lines: Iterable[bytes], schema: int) -> Iterator[Batch]:
    """The rows, up to a thousand together, for a database of this schema. Raises BadExport, also at the very end."""
    counts: Counter[str] = Counter()
    batch: Batch | None = None
    ended = False
    for number, text in enumerate(lines, start=1):
        line = _parsed(text, number)
        if number == 1:
            _check_header(line, schema)
        elif ended:
            raise BadExport(f"line {number}: there is something after the end")
        elif line.end is not None:
            _check_counts(line.end, counts)
            ended = True
        elif line.table is None or not line.row:
            raise BadExport(f"line {number}: neither a row of a table nor the end")
        else:
            counts[line.table] += 1
            row = bytes(line.row)
            columns = _columns(row, number)
            if batch and (batch.table, batch.columns) == (line.table, columns) and len(batch.rows) < _BATCH_ROWS:
                batch.rows.append(row)
                batch = batch._replace(last=number)
            else:
                if batch:
                    yield batch
                batch = Batch(line.table, columns, [row], number, number)
    if not ended:
        raise BadExport("the file has no end: it was cut off")
    if batch:
        yield batch


def _parsed(text: bytes, number: int) -> _Line:
    try:
        return _line.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadExport(f"line {number}: {error}") from None


def _columns(row: bytes, number: int) -> tuple[str, ...]:
    try:
        return tuple(_row.decode(row))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadExport(f"line {number}: row: {error}") from None


def _check_header(line: _Line, schema: int) -> None:
    if line.export is None:
        raise BadExport("line 1: this is no export")
    if line.export.schema > schema:
        raise BadExport(f"the export is of schema version {line.export.schema}, this server knows {schema}: use a newer server")


def _check_counts(told: Mapping[str, int], counts: Counter[str]) -> None:
    for table in sorted({*told, *counts}):
        if told.get(table, 0) != counts[table]:
            raise BadExport(f"the file has {counts[table]} rows of {table}, its end says {told.get(table, 0)}")
