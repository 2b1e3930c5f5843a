SELECT
    id,
    name,
    type,
    value,
    duration,
    cron,
    timezone,
    enabled,
    extract(epoch FROM due_after)::double precision AS due_after
FROM recurring_events
ORDER BY name, id
