-- An occurrence that exists already, from this server's first try or another server's, stays as it is now.
WITH advanced AS (
    UPDATE recurring_events
    SET due_after = greatest(due_after, to_timestamp(%(starts_at)s))
    WHERE id = %(recurring_id)s
)
INSERT INTO global_events (id, type, value, starts_at, expires_at)
VALUES (%(id)s, %(type)s, %(value)s, to_timestamp(%(starts_at)s), to_timestamp(%(expires_at)s))
ON CONFLICT (id) DO UPDATE
SET id = excluded.id
RETURNING
    id,
    type,
    value,
    extract(epoch FROM starts_at)::double precision AS starts_at,
    extract(epoch FROM expires_at)::double precision AS expires_at
