SELECT
    id,
    kind,
    email,
    nickname,
    host(ip) AS ip,
    network::text AS network,
    extract(epoch FROM expires_at)::double precision AS expires_at,
    COALESCE(reason, '') AS reason,
    created_by,
    extract(epoch FROM created_at)::double precision AS created_at
FROM bans
WHERE expires_at IS NULL
    OR expires_at > now()
ORDER BY created_at, id
