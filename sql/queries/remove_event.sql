DELETE FROM global_events
WHERE id = %(id)s
