UPDATE admins SET totp_secret = %(totp_secret)s, totp_step = %(used_step)s
WHERE name = %(name)s
RETURNING name
