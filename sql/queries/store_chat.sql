INSERT INTO chat_messages (seq, id, nickname, email, message, created_at, deleted_at)
SELECT seq, id, nickname, email, message, to_timestamp(created_at), to_timestamp(deleted_at)
FROM json_to_recordset(%(messages)s::json) AS batch (
    seq bigint, id uuid, nickname text, email text, message text, created_at double precision, deleted_at double precision
)
ORDER BY id
-- A message that was sent again under a new number keeps the number that was shown last; a deleted one stays deleted.
ON CONFLICT (id) DO UPDATE
SET seq = GREATEST(chat_messages.seq, excluded.seq),
    message = CASE WHEN excluded.deleted_at IS NULL THEN chat_messages.message ELSE '' END,
    deleted_at = COALESCE(chat_messages.deleted_at, excluded.deleted_at)
WHERE chat_messages.seq < excluded.seq
    OR (chat_messages.deleted_at IS NULL AND excluded.deleted_at IS NOT NULL)
