SELECT holder, machine, process, address
FROM server_lease
