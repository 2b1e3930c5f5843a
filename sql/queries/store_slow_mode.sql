UPDATE server_identity
SET slow_mode = %(seconds)s
RETURNING slow_mode
