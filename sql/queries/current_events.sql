SELECT
    id,
    type,
    value,
    extract(epoch FROM starts_at)::double precision AS starts_at,
    extract(epoch FROM expires_at)::double precision AS expires_at
FROM global_events
WHERE expires_at > to_timestamp(%(now)s)
ORDER BY starts_at, id
