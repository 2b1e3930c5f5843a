INSERT INTO recurring_events (id, name, type, value, duration, cron, timezone, enabled, due_after)
VALUES (
    %(id)s,
    %(name)s,
    %(type)s,
    %(value)s,
    %(duration)s,
    %(cron)s,
    %(timezone)s,
    %(enabled)s,
    to_timestamp(%(due_after)s)
)
ON CONFLICT (id) DO UPDATE
SET name = excluded.name,
    type = excluded.type,
    value = excluded.value,
    duration = excluded.duration,
    cron = excluded.cron,
    timezone = excluded.timezone,
    enabled = excluded.enabled,
    due_after = excluded.due_after
