SELECT
    id,
    type,
    value,
    extract(epoch FROM starts_at)::double precision AS starts_at,
    extract(epoch FROM expires_at)::double precision AS expires_at
FROM global_events
WHERE (expires_at, id) < (to_timestamp(%(before)s), %(before_id)s)
ORDER BY expires_at DESC, id DESC
LIMIT %(limit)s
