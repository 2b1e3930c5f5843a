DELETE FROM recurring_events
WHERE id = %(id)s
