INSERT INTO global_events (id, type, value, starts_at, expires_at)
VALUES (%(id)s, %(type)s, %(value)s, to_timestamp(%(starts_at)s), to_timestamp(%(expires_at)s))
ON CONFLICT (id) DO UPDATE
SET type = excluded.type,
    value = excluded.value,
    starts_at = excluded.starts_at,
    expires_at = excluded.expires_at
