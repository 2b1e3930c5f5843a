-- Sent again it finds its own step: that code counts as used, and the next one works.
UPDATE admins SET totp_step = %(step)s
WHERE name = %(name)s AND totp_step < %(step)s
RETURNING name
