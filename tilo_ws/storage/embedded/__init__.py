"""A private PostgreSQL for a server without DATABASE_URL, and a private Valkey for several workers without REDIS_URL.

docs/decisions/embedded-postgresql.md and docs/decisions/embedded-valkey.md have the reasons.
"""

from tilo_ws.storage.embedded.errors import EmbeddedError, EmbeddedPostgresError, EmbeddedValkeyError
from tilo_ws.storage.embedded.postgres import EmbeddedPostgres
from tilo_ws.storage.embedded.running import dsn_of_running
from tilo_ws.storage.embedded.valkey import EmbeddedValkey

__all__ = [
    "EmbeddedError",
    "EmbeddedPostgres",
    "EmbeddedPostgresError",
    "EmbeddedValkey",
    "EmbeddedValkeyError",
    "dsn_of_running",
]
