-- What the servers on an imported database had in common. The epoch becomes a new one by renew_numbering.
UPDATE server_identity AS here
SET name_key = there.name_key,
    slow_mode = there.slow_mode,
    reserved_seq = GREATEST(here.reserved_seq, there.reserved_seq),
    removed_seq = GREATEST(here.removed_seq, there.removed_seq)
FROM json_populate_recordset(NULL::server_identity, %(rows)s) AS there
