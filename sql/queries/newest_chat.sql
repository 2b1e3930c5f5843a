-- What a killed server was still writing is waited for, so that nothing is stored that this server does not know of.
LOCK TABLE chat_messages IN SHARE MODE;
SELECT
    seq,
    id,
    nickname,
    email,
    message,
    extract(epoch FROM created_at)::double precision AS created_at,
    extract(epoch FROM deleted_at)::double precision AS deleted_at
FROM chat_messages
ORDER BY seq DESC
LIMIT %(limit)s
