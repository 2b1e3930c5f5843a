DELETE FROM admins
WHERE name = %(name)s AND name <> 'admin'
RETURNING name
