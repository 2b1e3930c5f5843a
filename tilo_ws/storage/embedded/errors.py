"""The one error of the embedded PostgreSQL."""


class EmbeddedPostgresError(Exception):
    """Why the embedded PostgreSQL cannot run, in one line for whoever started the server."""
