SELECT name_key
FROM server_identity
