DELETE FROM shadow_messages
WHERE created_at < to_timestamp(%(before)s)
RETURNING id
