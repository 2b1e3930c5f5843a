WITH score AS (
    DELETE FROM players
    WHERE email = %(email)s
), ban AS (
    DELETE FROM bans
    WHERE email = %(email)s
), shadow AS (
    DELETE FROM shadow_messages
    WHERE email = %(email)s
)
-- Number and id stay until their retention ends, so that sent again it does not come back.
UPDATE chat_messages
SET message = '',
    nickname = '',
    email = NULL,
    deleted_at = COALESCE(deleted_at, now())
WHERE email = %(email)s
RETURNING seq, id
