WITH ban AS (
    DELETE FROM bans
    WHERE email = %(email)s
), record AS (
    -- What an admin did about somebody stays, about whom does not.
    UPDATE admin_actions
    SET target = 'a forgotten player',
        details = '{}'
    WHERE target = %(email)s
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
