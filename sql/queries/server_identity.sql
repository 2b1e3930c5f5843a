SELECT epoch, name_key, removed_seq
FROM server_identity
