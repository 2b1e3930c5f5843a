UPDATE admins
SET version = %(version)s
WHERE name = %(name)s
RETURNING name
