-- The rank as the leaderboard counts it.
SELECT
    result.email,
    result.nickname,
    result.score,
    result.survival_time,
    extract(epoch FROM result.updated_at)::double precision AS updated_at,
    1 + (SELECT count(*) FROM players WHERE score > result.score) AS rank
FROM players AS result
WHERE result.email = %(email)s
