SELECT seq, id, nickname, email, message, extract(epoch FROM created_at)::double precision AS created_at
FROM shadow_messages
ORDER BY created_at DESC
LIMIT %(limit)s
