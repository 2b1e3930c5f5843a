SELECT
    nickname,
    score,
    survival_time,
    1 + (SELECT count(*) FROM players AS better WHERE better.score > own.score) AS rank
FROM players AS own
WHERE email = %(email)s
