UPDATE admins SET totp_secret = %(totp_secret)s, totp_step = 0
WHERE name = %(name)s
RETURNING name
