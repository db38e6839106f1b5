-- Snapshots of aggregates: what a load need not replay. All of them may be deleted at any time.

CREATE TABLE eventsource_aggregate_snapshots (
    aggregate_type TEXT    NOT NULL,
    aggregate_id   BLOB    NOT NULL,         -- a UUID, 16 bytes
    shape          TEXT    NOT NULL,         -- of the state: a changed program writes rows of its own
    version        INTEGER NOT NULL,         -- of the last event in the state
    event_id       BLOB    NOT NULL,         -- of the same event, a UUID
    state          TEXT    NOT NULL,         -- JSON
    taken_at       INTEGER NOT NULL,         -- microseconds since 1970, UTC
    PRIMARY KEY (aggregate_type, aggregate_id, shape)
) STRICT;
