-- Those of the address itself, also past ones, and those in force that hold for the player by another mark.
SELECT
    id,
    kind,
    email,
    nickname,
    host(ip) AS ip,
    network::text AS network,
    COALESCE(reason, '') AS reason,
    created_by,
    extract(epoch FROM created_at)::double precision AS created_at,
    extract(epoch FROM expires_at)::double precision AS expires_at
FROM bans
WHERE email = %(email)s
    OR id = ANY (%(ids)s::uuid[])
ORDER BY created_at DESC, id
LIMIT %(limit)s
