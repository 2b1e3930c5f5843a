WITH removed AS (
    DELETE FROM admin_actions
    WHERE id IN (
        SELECT id
        FROM admin_actions
        WHERE created_at < to_timestamp(%(before)s)
        ORDER BY created_at
        LIMIT %(limit)s
    )
    RETURNING id
)
SELECT (SELECT count(*) FROM removed) AS removed, extract(epoch FROM min(created_at))::double precision AS oldest_at
FROM admin_actions
WHERE created_at >= to_timestamp(%(before)s)
