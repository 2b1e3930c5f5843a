-- Free, expired, this server's own, or left by a process that is gone: then it changes hands.
INSERT INTO server_lease (holder, machine, process, address, renewed_at)
VALUES (%(holder)s, %(machine)s, %(process)s, %(address)s, now())
ON CONFLICT (only_row) DO UPDATE
SET holder = excluded.holder,
    machine = excluded.machine,
    process = excluded.process,
    address = excluded.address,
    renewed_at = excluded.renewed_at
WHERE server_lease.holder IN (excluded.holder, %(gone)s)
    OR server_lease.renewed_at < now() - make_interval(secs => %(expiry)s)
RETURNING holder
