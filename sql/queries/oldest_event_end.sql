SELECT extract(epoch FROM min(expires_at))::double precision AS expires_at
FROM global_events
