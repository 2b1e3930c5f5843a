DELETE FROM server_lease
WHERE holder = %(holder)s
