-- What shadow-muted players say: they alone see it. Kept apart, so that no history and no other program shows it.
CREATE TABLE shadow_messages (
    id uuid PRIMARY KEY,
    seq bigint NOT NULL,
    nickname text NOT NULL,
    email text,
    message text NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE INDEX shadow_messages_by_time ON shadow_messages (created_at);
