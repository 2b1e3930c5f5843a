SELECT seq, id, nickname, message, extract(epoch FROM created_at)::double precision AS created_at
FROM chat_messages
WHERE email = %(email)s
    AND seq < %(before)s
    AND deleted_at IS NULL
ORDER BY seq DESC
LIMIT %(limit)s
