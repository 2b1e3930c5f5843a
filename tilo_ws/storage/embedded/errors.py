"""Why an embedded database cannot run."""


class EmbeddedError(Exception):
    """One line for whoever started the server."""


class EmbeddedPostgresError(EmbeddedError):
    """Why the embedded PostgreSQL cannot run."""


class EmbeddedValkeyError(EmbeddedError):
    """Why the embedded Valkey cannot run."""
