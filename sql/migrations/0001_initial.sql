CREATE TABLE players (
    email text PRIMARY KEY,
    nickname text,
    score bigint NOT NULL DEFAULT 0,
    survival_time integer NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX players_by_rank ON players (score DESC, email COLLATE "C");

CREATE TABLE chat_messages (
    seq bigint PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    nickname text NOT NULL,
    email text,
    message text NOT NULL,
    created_at timestamptz NOT NULL,
    deleted_at timestamptz
);

CREATE INDEX chat_messages_by_time ON chat_messages (created_at);

CREATE TABLE global_events (
    id uuid PRIMARY KEY,
    type text NOT NULL,
    value text NOT NULL,
    starts_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > starts_at)
);

CREATE TABLE bans (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('mute', 'shadow_mute', 'ban')),
    email text,
    ip inet,
    network cidr,
    nickname text,
    reason text,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    CHECK (num_nonnulls(email, ip, network, nickname) > 0)
);

CREATE TABLE admin_actions (
    id uuid PRIMARY KEY,
    admin text NOT NULL,
    ip text NOT NULL,
    action text NOT NULL,
    target text,
    details jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX admin_actions_by_time ON admin_actions (created_at);

-- One row: what the servers on this database have in common.
CREATE TABLE server_identity (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    -- Changes when numbers could repeat: after a restore from a backup.
    epoch uuid NOT NULL DEFAULT gen_random_uuid(),
    -- The key of the names that the leaderboard shows for players without a nickname.
    name_key uuid NOT NULL DEFAULT gen_random_uuid(),
    -- Chat numbers up to here are given out to servers in blocks and never given out again.
    reserved_seq bigint NOT NULL DEFAULT 0,
    -- Chat messages up to here were removed by the clean-up.
    removed_seq bigint NOT NULL DEFAULT 0
);

INSERT INTO server_identity DEFAULT VALUES;

-- At most one row: the server that numbers the chat.
CREATE TABLE server_lease (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    holder uuid NOT NULL,
    machine text NOT NULL,
    process text NOT NULL,
    address text NOT NULL,
    renewed_at timestamptz NOT NULL
);
