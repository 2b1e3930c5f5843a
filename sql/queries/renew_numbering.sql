-- After an import: numbers go on above all that are there, and those that clients know mean nothing any more.
UPDATE server_identity
SET epoch = gen_random_uuid(),
    reserved_seq = GREATEST(reserved_seq, (SELECT max(seq) FROM chat_messages))
