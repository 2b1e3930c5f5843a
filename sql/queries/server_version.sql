SELECT
    current_setting('server_version') AS server_version,
    has_schema_privilege(current_schema(), 'CREATE') AS can_create
