-- A prefix of the numbers goes, so many at once, and the highest that went is remembered: what is older cannot be recovered.
WITH removed AS (
    DELETE FROM chat_messages
    WHERE seq IN (
        SELECT seq
        FROM chat_messages
        WHERE seq <= (
            SELECT seq
            FROM chat_messages
            WHERE created_at < to_timestamp(%(before)s)
            ORDER BY created_at DESC
            LIMIT 1
        )
        ORDER BY seq
        LIMIT %(limit)s
    )
    RETURNING seq
), remembered AS (
    UPDATE server_identity
    SET removed_seq = GREATEST(removed_seq, (SELECT max(seq) FROM removed))
    WHERE EXISTS (SELECT FROM removed)
)
SELECT count(*) AS removed, max(seq) AS last
FROM removed
