WITH ban AS (
    DELETE FROM bans
    WHERE email = %(email)s
), record AS (
    -- What an admin did about somebody stays, about whom does not: the address, alone or beside a name, or of a page.
    UPDATE admin_actions
    SET target = 'a forgotten player',
        details = '{}'
    WHERE strpos(', ' || lower(target) || ', ', ', ' || %(email)s || ', ') > 0
        OR strpos(lower(target) || '/', ' /admin/players/' || %(email)s || '/') > 0
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
