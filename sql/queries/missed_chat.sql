SELECT
    seq,
    id,
    nickname,
    email,
    message,
    extract(epoch FROM created_at)::double precision AS created_at,
    extract(epoch FROM deleted_at)::double precision AS deleted_at
FROM chat_messages
WHERE seq > %(after)s
    AND seq <= %(through)s
ORDER BY seq DESC
LIMIT %(limit)s
