INSERT INTO chat_messages (seq, id, nickname, email, message, created_at, deleted_at)
SELECT seq, id, nickname, email, message, to_timestamp(created_at), to_timestamp(deleted_at)
FROM unnest(
    %(seqs)s::bigint[], %(ids)s::uuid[], %(nicknames)s::text[], %(emails)s::text[], %(messages)s::text[],
    %(created_ats)s::double precision[], %(deleted_ats)s::double precision[]
) AS batch (seq, id, nickname, email, message, created_at, deleted_at)
ORDER BY id
-- A message that was sent again under a new number keeps the number that was shown last; a deleted one stays deleted.
ON CONFLICT (id) DO UPDATE
SET seq = GREATEST(chat_messages.seq, excluded.seq),
    message = CASE WHEN excluded.deleted_at IS NULL THEN chat_messages.message ELSE '' END,
    deleted_at = COALESCE(chat_messages.deleted_at, excluded.deleted_at)
WHERE chat_messages.seq < excluded.seq
    OR (chat_messages.deleted_at IS NULL AND excluded.deleted_at IS NOT NULL)
