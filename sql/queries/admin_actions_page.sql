SELECT id::text, admin, ip, action, coalesce(target, '') AS target, details,
    extract(epoch FROM created_at)::double precision AS created_at
FROM admin_actions
WHERE (
        %(before)s::uuid IS NULL
        OR (created_at, id) < (SELECT created_at, id FROM admin_actions WHERE id = %(before)s::uuid)
    )
    AND (%(since)s::float8 IS NULL OR created_at >= to_timestamp(%(since)s::float8))
    AND (%(until)s::float8 IS NULL OR created_at < to_timestamp(%(until)s::float8))
    AND (%(action)s::text = '' OR action = %(action)s)
    AND (%(admin)s::text = '' OR strpos(lower(admin), lower(%(admin)s)) > 0)
    AND (%(target)s::text = '' OR strpos(lower(target), lower(%(target)s)) > 0)
    AND (
        %(text)s::text = ''
        OR strpos(lower(concat_ws(' ', admin, ip, action, target, details::text)), lower(%(text)s)) > 0
    )
ORDER BY admin_actions.created_at DESC, admin_actions.id DESC
LIMIT %(limit)s
