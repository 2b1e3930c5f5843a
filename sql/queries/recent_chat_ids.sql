SELECT id, seq, extract(epoch FROM created_at)::double precision AS created_at
FROM chat_messages
WHERE created_at > now() - make_interval(secs => %(seconds)s)
ORDER BY seq DESC
LIMIT %(limit)s
