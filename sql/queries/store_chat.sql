INSERT INTO chat_messages (seq, id, nickname, email, message, created_at)
SELECT seq, id, nickname, email, message, to_timestamp(created_at)
FROM unnest(
    %(seqs)s::bigint[], %(ids)s::uuid[], %(nicknames)s::text[], %(emails)s::text[], %(messages)s::text[],
    %(created_ats)s::double precision[]
) AS batch (seq, id, nickname, email, message, created_at)
ORDER BY id
-- A message that was sent again under a new number keeps the number that was shown last.
ON CONFLICT (id) DO UPDATE
SET seq = excluded.seq
WHERE chat_messages.seq < excluded.seq
