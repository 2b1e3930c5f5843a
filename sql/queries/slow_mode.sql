SELECT slow_mode
FROM server_identity
