-- Events that come again and again: each occurrence becomes a row of global_events when it starts.
CREATE TABLE recurring_events (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    type text NOT NULL,
    value text NOT NULL,
    duration integer NOT NULL CHECK (duration > 0),
    cron text NOT NULL,
    timezone text NOT NULL,
    enabled boolean NOT NULL,
    -- Occurrences up to this time were started, or are not to be.
    due_after timestamptz NOT NULL
);

-- Events stay for a while after their end; the newest of these are listed, the oldest removed.
CREATE INDEX global_events_by_end ON global_events (expires_at);
