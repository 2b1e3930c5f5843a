SELECT
    id,
    kind,
    email,
    nickname,
    host(ip) AS ip,
    network::text AS network,
    extract(epoch FROM expires_at)::double precision AS expires_at,
    COALESCE(reason, '') AS reason
FROM bans
WHERE expires_at IS NULL
    OR expires_at > now()
ORDER BY created_at, id
