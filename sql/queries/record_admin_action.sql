INSERT INTO admin_actions (id, admin, ip, action, target, details)
VALUES (%(id)s, %(admin)s, %(ip)s, %(action)s, %(target)s, %(details)s::jsonb)
ON CONFLICT (id) DO NOTHING
