UPDATE admins SET password_hash = %(password_hash)s, version = %(version)s
WHERE name = %(name)s AND name <> 'admin'
RETURNING name
