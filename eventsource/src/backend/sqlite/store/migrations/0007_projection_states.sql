-- The progress of projection engines.

CREATE TABLE eventsource_projection_states (
    projection_id    TEXT    PRIMARY KEY,
    last_event_id    BLOB,                   -- a UUID, 16 bytes; NULL before the first event
    position         INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,       -- microseconds since 1970, UTC
    events_processed INTEGER NOT NULL,
    error_count      INTEGER NOT NULL,
    last_error       TEXT,
    healthy          INTEGER NOT NULL        -- 1 after a success, 0 after a failure
) STRICT, WITHOUT ROWID;
