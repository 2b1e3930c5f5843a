-- The row of the built-in account is in every database: an import brings its one-time codes, where it has none yet.
UPDATE admins AS here
SET totp_secret = COALESCE(here.totp_secret, there.totp_secret),
    totp_step = GREATEST(here.totp_step, there.totp_step)
FROM json_populate_recordset(NULL::admins, %(rows)s) AS there
WHERE here.name = 'admin' AND there.name = 'admin'
