UPDATE admins SET role = %(role)s, version = %(version)s
WHERE name = %(name)s AND name <> 'admin'
RETURNING name
