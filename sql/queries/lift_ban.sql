DELETE FROM bans
WHERE id = %(id)s
RETURNING id
