SELECT name, version::text
FROM admins
WHERE name = ANY (%(names)s) AND disabled_at IS NULL
