INSERT INTO shadow_messages (id, seq, nickname, email, message, created_at)
SELECT id, seq, nickname, email, message, to_timestamp(created_at)
FROM unnest(
    %(ids)s::uuid[], %(seqs)s::bigint[], %(nicknames)s::text[], %(emails)s::text[], %(messages)s::text[],
    %(created_ats)s::double precision[]
) AS batch (id, seq, nickname, email, message, created_at)
ON CONFLICT (id) DO NOTHING
