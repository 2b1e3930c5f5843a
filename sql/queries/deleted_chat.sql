SELECT seq, extract(epoch FROM deleted_at)::double precision AS deleted_at
FROM chat_messages
WHERE seq >= %(least)s
    AND deleted_at IS NOT NULL
