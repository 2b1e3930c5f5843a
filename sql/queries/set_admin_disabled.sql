UPDATE admins SET disabled_at = CASE WHEN %(disabled)s THEN coalesce(disabled_at, now()) END, version = %(version)s
WHERE name = %(name)s AND name <> 'admin'
RETURNING name
