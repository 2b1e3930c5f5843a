SELECT extract(epoch FROM min(created_at))::double precision AS created_at
FROM shadow_messages
