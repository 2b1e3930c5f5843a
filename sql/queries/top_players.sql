SELECT email, nickname, score, survival_time
FROM players
ORDER BY score DESC, email COLLATE "C"
LIMIT %(limit)s
