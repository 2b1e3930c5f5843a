SELECT name, role, totp_secret IS NOT NULL AS has_totp, created_by, created_at, disabled_at
FROM admins
ORDER BY name
