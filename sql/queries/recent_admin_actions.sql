SELECT DISTINCT action
FROM (
    SELECT action
    FROM admin_actions
    ORDER BY created_at DESC
    LIMIT 10000
) AS recent
ORDER BY action
