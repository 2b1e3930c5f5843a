SELECT email, nickname, score, survival_time
FROM players
WHERE email = %(email)s
