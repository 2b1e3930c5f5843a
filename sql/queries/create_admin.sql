-- Sent again it finds its own row; a row of somebody else's with this name stays, and nothing is returned.
INSERT INTO admins (name, role, password_hash, version, created_by)
VALUES (%(name)s, %(role)s, %(password_hash)s, %(version)s, %(created_by)s)
ON CONFLICT (name) DO UPDATE SET name = excluded.name
WHERE admins.version = excluded.version
RETURNING name
