-- The best first. One pass over all players: an index that serves this would cost every score that is stored more than it
-- saves here. strpos, because what is looked for is no pattern; -score, so that the index of ranks is not walked row by row.
SELECT email, nickname, score, survival_time, extract(epoch FROM updated_at)::double precision AS updated_at
FROM players
WHERE (strpos(email, lower(%(words)s)) > 0 OR strpos(lower(nickname), lower(%(words)s)) > 0)
    AND (
        %(after_email)s::text IS NULL
        OR (-score, email COLLATE "C") > (-%(after_score)s::bigint, %(after_email)s::text COLLATE "C")
    )
ORDER BY -score, email COLLATE "C"
LIMIT %(limit)s
