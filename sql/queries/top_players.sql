SELECT email, nickname, score, survival_time, extract(epoch FROM updated_at)::double precision AS updated_at
FROM players
ORDER BY score DESC, email COLLATE "C"
LIMIT %(limit)s
