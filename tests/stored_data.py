"""A database with a row of everything that a server of the first schema kept, as other tests find it again."""

from tests.conftest import Sql

ZOE = "6b2ef22c-6725-4d03-a791-938b24418586"

FIRST_SCHEMA = """
INSERT INTO players (email, nickname, score, survival_time, updated_at) VALUES
    ('zoe@example.com', 'Zoë "😀" \\ ', 9007199254740991, 95, '2026-03-01T18:30:00.123456Z'),
    ('nameless@example.com', NULL, 7, 0, '2026-03-01T18:31:00Z');
INSERT INTO chat_messages (seq, id, nickname, email, message, created_at, deleted_at) VALUES
    (1, gen_random_uuid(), 'Zoë', NULL, '', now(), now()),
    (7, '6b2ef22c-6725-4d03-a791-938b24418586', 'Zoë', 'zoe@example.com', E'Hello, "you"\\t\\u2028😀', now(), NULL);
INSERT INTO global_events (id, type, value, starts_at, expires_at) VALUES
    (gen_random_uuid(), 'score_multiplier', '2', now(), now() + interval '1 hour');
INSERT INTO bans (id, kind, email, ip, network, nickname, reason, created_by, created_at, expires_at) VALUES
    (gen_random_uuid(), 'ban', NULL, '192.0.2.7', NULL, NULL, 'spam', 'admin', now(), NULL),
    (gen_random_uuid(), 'mute', NULL, NULL, '2001:db8::/32', 'Troll', NULL, 'admin', now(), now() + interval '1 hour');
INSERT INTO admin_actions (id, admin, ip, action, target, details, created_at) VALUES
    (gen_random_uuid(), 'admin', '192.0.2.1', 'ban', '192.0.2.7', '{"reason": "spam", "n": [1, null]}', now());
UPDATE server_identity SET reserved_seq = 2000000, removed_seq = 0;
"""

SINCE = """
INSERT INTO shadow_messages (id, seq, nickname, email, message, created_at) VALUES
    (gen_random_uuid(), 7, 'Troll', NULL, 'heard by nobody', now());
INSERT INTO recurring_events (id, name, type, value, duration, cron, timezone, enabled, due_after) VALUES
    (gen_random_uuid(), 'Friday', 'score_multiplier', '2', 3600, '0 18 * * 5', 'Europe/Berlin', true, now());
INSERT INTO admins (name, role, password_hash, created_by) VALUES ('zoe', 'moderator', 'hash', 'admin');
UPDATE admins SET totp_secret = 'SECRET', totp_step = 7 WHERE name = 'admin';
UPDATE server_identity SET slow_mode = 2.5;
"""


def contents(sql: Sql) -> dict[str, list[str]]:
    """All rows of all tables, as text, without what names a start of the server or one database."""
    tables = sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    kept = [table for (table,) in tables if table not in ("server_lease", "schema_migrations")]
    return {table: sorted(row for (row,) in sql(f"SELECT (to_jsonb(t) - 'epoch')::text FROM {table} AS t")) for table in kept}
