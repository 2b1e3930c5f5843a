-- Who may use the dashboard. The row of the built-in account `admin` has no password: that one is in the settings.
CREATE TABLE admins (
    name text PRIMARY KEY,
    role text NOT NULL CHECK (role IN ('viewer', 'moderator', 'admin')),
    password_hash text,
    totp_secret text,
    -- The time step of the last code that was used: a code works once.
    totp_step bigint NOT NULL DEFAULT 0,
    -- Changes with role, password and whether the account is disabled: sessions of an older one end.
    version uuid NOT NULL DEFAULT gen_random_uuid(),
    created_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    disabled_at timestamptz,
    CHECK ((name = 'admin') = (password_hash IS NULL)),
    CHECK (name <> 'admin' OR (role = 'admin' AND disabled_at IS NULL))
);

INSERT INTO admins (name, role, created_by) VALUES ('admin', 'admin', '');
