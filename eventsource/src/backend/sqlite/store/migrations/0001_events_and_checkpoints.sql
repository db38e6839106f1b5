-- The log, and how far each subscription has come in it.

CREATE TABLE eventsource_events (
    position       INTEGER PRIMARY KEY,      -- dense: an append takes max(position) + 1 under the write lock
    event_id       BLOB    NOT NULL UNIQUE,  -- a UUID, 16 bytes
    aggregate_type TEXT    NOT NULL,
    aggregate_id   BLOB    NOT NULL,         -- a UUID, 16 bytes
    version        INTEGER NOT NULL,         -- in the stream, from 1
    event_type     TEXT    NOT NULL,
    schema_version INTEGER NOT NULL,
    occurred_at    INTEGER NOT NULL,         -- microseconds since 1970, UTC
    recorded_at    INTEGER NOT NULL,         -- the same; never steps back
    tenant         TEXT,                     -- out of the metadata, for the index
    metadata       TEXT,                     -- JSON; NULL where it is empty
    payload        TEXT    NOT NULL,         -- JSON
    UNIQUE (aggregate_type, aggregate_id, version)
) STRICT;

-- Each index ends with the position, which is the rowid: one entry's range of positions is read in order.
CREATE INDEX eventsource_events_by_event_type ON eventsource_events (event_type);
CREATE INDEX eventsource_events_by_aggregate_type ON eventsource_events (aggregate_type);
CREATE INDEX eventsource_events_by_tenant ON eventsource_events (tenant) WHERE tenant IS NOT NULL;

CREATE TABLE eventsource_checkpoints (
    name        TEXT    PRIMARY KEY,
    position    INTEGER,                     -- NULL after a reset; the row stays, so that epochs only grow
    epoch       INTEGER NOT NULL,
    fingerprint TEXT    NOT NULL,
    updated_at  INTEGER NOT NULL             -- microseconds since 1970, UTC
) STRICT, WITHOUT ROWID;
