INSERT INTO bans (id, kind, email, nickname, ip, network, reason, created_by, created_at, expires_at)
VALUES (
    %(id)s, %(kind)s, %(email)s, %(nickname)s, %(ip)s, %(network)s, %(reason)s, %(created_by)s, to_timestamp(%(created_at)s),
    to_timestamp(%(expires_at)s)
)
-- The statement is sent again where its answer was lost.
ON CONFLICT (id) DO NOTHING
