DELETE FROM global_events
WHERE expires_at <= to_timestamp(%(before)s)
RETURNING id
