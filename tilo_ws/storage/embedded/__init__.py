"""A private PostgreSQL for a server without DATABASE_URL; docs/decisions/embedded-postgresql.md has the reasons."""

from tilo_ws.storage.embedded.errors import EmbeddedPostgresError
from tilo_ws.storage.embedded.postgres import EmbeddedPostgres
from tilo_ws.storage.embedded.running import dsn_of_running

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError", "dsn_of_running"]
