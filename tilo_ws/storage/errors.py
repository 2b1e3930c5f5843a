"""What can go wrong between the server and PostgreSQL, in the words that callers decide by."""

import psycopg2

# SQLSTATE classes (PostgreSQL manual, appendix A). 08 connection exception, 40 transaction rollback (deadlock), 53
# insufficient resources, 57 operator intervention (shutdown, still starting); 25006: a standby took over as read-only.
_PASSING_CLASSES = ("08", "40", "53", "57")
_PASSING_STATES = ("25006", "55P03")
_DATA_CLASSES = ("22", "23")
_LOST_CONNECTION_STATES = ("57P01", "57P02", "57P05")
_INSUFFICIENT_PRIVILEGE = "42501"


class DatabaseAway(Exception):
    """PostgreSQL cannot be reached or cannot work now: the same statement may succeed later."""


class StatementTimeout(Exception):
    """A statement took longer than its time limit and was cancelled by PostgreSQL."""


class BadData(Exception):
    """PostgreSQL refuses the values (SQLSTATE classes 22 and 23): the same statement will never succeed."""


class AccessDenied(Exception):
    """The database's user may not do this."""


def translated(error: psycopg2.Error) -> Exception:
    """The error in our words; one that only a mistake in our SQL can cause comes back as it is."""
    state = error.pgcode or ""
    if is_lost_connection(error) or state.startswith(_PASSING_CLASSES) or state in _PASSING_STATES:
        return DatabaseAway(one_line(error))
    if state.startswith(_DATA_CLASSES):
        return BadData(one_line(error))
    if state == _INSUFFICIENT_PRIVILEGE:
        return AccessDenied(one_line(error))
    return error


def is_lost_connection(error: psycopg2.Error) -> bool:
    """Whether the connection died, rather than the statement on it failed.

    libpq's own errors have no SQLSTATE. psycopg2 raises them as one of these classes; its subclasses without a SQLSTATE, such
    as "can't adapt type", are mistakes of the caller.
    """
    if error.pgcode is None:
        return isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError) or type(error) is psycopg2.DatabaseError
    return error.pgcode.startswith("08") or error.pgcode in _LOST_CONNECTION_STATES


def one_line(error: BaseException) -> str:
    """The error's text for a log line."""
    return " ".join(str(error).split()) or type(error).__name__
