SELECT name, role, version::text, password_hash, totp_secret, totp_step
FROM admins
WHERE name = %(name)s AND disabled_at IS NULL
