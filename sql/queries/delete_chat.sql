UPDATE chat_messages
SET message = '',
    deleted_at = COALESCE(deleted_at, now())
WHERE seq = %(seq)s
RETURNING id
