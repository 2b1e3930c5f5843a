-- Newest first, from both tables, each by its index on the time; strpos, because what is looked for is no pattern.
(
    SELECT
        seq,
        id,
        nickname,
        email,
        message,
        extract(epoch FROM created_at)::double precision AS created_at,
        extract(epoch FROM deleted_at)::double precision AS deleted_at,
        false AS is_shadow
    FROM chat_messages
    WHERE created_at >= %(since)s
        AND (created_at, id) < (%(before)s::timestamptz, %(before_id)s::uuid)
        AND (%(text)s = '' OR strpos(lower(message), lower(%(text)s)) > 0)
        AND (
            %(player)s = ''
            OR strpos(lower(nickname), lower(%(player)s)) > 0
            OR strpos(lower(email), lower(%(player)s)) > 0
        )
    ORDER BY chat_messages.created_at DESC, id DESC
    LIMIT %(limit)s
)
UNION ALL
(
    SELECT
        seq,
        id,
        nickname,
        email,
        message,
        extract(epoch FROM created_at)::double precision,
        NULL,
        true
    FROM shadow_messages
    WHERE created_at >= %(since)s
        AND (created_at, id) < (%(before)s::timestamptz, %(before_id)s::uuid)
        AND (%(text)s = '' OR strpos(lower(message), lower(%(text)s)) > 0)
        AND (
            %(player)s = ''
            OR strpos(lower(nickname), lower(%(player)s)) > 0
            OR strpos(lower(email), lower(%(player)s)) > 0
        )
    ORDER BY shadow_messages.created_at DESC, id DESC
    LIMIT %(limit)s
)
ORDER BY created_at DESC, id DESC
LIMIT %(limit)s
