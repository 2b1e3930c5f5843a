UPDATE server_identity
SET epoch = gen_random_uuid()
RETURNING epoch
