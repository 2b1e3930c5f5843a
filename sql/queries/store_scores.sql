WITH batch AS (
    SELECT email, nickname, score, survival_time
    FROM unnest(%(emails)s::text[], %(nicknames)s::text[], %(scores)s::bigint[], %(survival_times)s::integer[])
        AS batch (email, nickname, score, survival_time)
), removed AS (
    DELETE FROM players
    WHERE email = ANY (%(removed)s::text[])
), improved AS (
    INSERT INTO players (email, nickname, score, survival_time, updated_at)
    SELECT email, nickname, score, survival_time, now()
    FROM batch
    -- Every server locks the rows in one order, so two of them cannot wait for each other.
    ORDER BY email
    ON CONFLICT (email) DO UPDATE
    SET score = CASE
            WHEN excluded.email = ANY (%(corrected)s::text[]) THEN excluded.score
            ELSE GREATEST(players.score, excluded.score)
        END,
        survival_time = CASE
            WHEN excluded.email = ANY (%(corrected)s::text[]) THEN excluded.survival_time
            ELSE GREATEST(players.survival_time, excluded.survival_time)
        END,
        nickname = CASE
            WHEN excluded.email = ANY (%(renamed)s::text[]) THEN excluded.nickname
            ELSE COALESCE(players.nickname, excluded.nickname)
        END,
        updated_at = excluded.updated_at
    WHERE players.score < excluded.score
        OR players.survival_time < excluded.survival_time
        OR (players.nickname IS NULL AND excluded.nickname IS NOT NULL)
        OR (players.nickname IS DISTINCT FROM excluded.nickname AND excluded.email = ANY (%(renamed)s::text[]))
        OR excluded.email = ANY (%(corrected)s::text[])
    RETURNING email, nickname, score, survival_time, updated_at
)
SELECT email, nickname, score, survival_time, extract(epoch FROM updated_at)::double precision AS updated_at
FROM improved
UNION ALL
-- What did not improve is told too: when the answer to a statement was lost, its rows are there already the second time.
SELECT
    players.email,
    players.nickname,
    players.score,
    players.survival_time,
    extract(epoch FROM players.updated_at)::double precision
FROM players
JOIN batch USING (email)
WHERE NOT EXISTS (SELECT FROM improved WHERE improved.email = batch.email)
