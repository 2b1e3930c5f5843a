UPDATE server_identity
SET reserved_seq = reserved_seq + %(count)s
RETURNING reserved_seq
