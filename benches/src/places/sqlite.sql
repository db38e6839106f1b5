-- The log of the plain loops: the columns, keys and indexes of the library's, and nothing else. It stays as it is when the
-- library's tables change.

CREATE TABLE eventsource_events (
    position       INTEGER PRIMARY KEY,
    event_id       BLOB    NOT NULL UNIQUE,
    aggregate_type TEXT    NOT NULL,
    aggregate_id   BLOB    NOT NULL,
    version        INTEGER NOT NULL,
    event_type     TEXT    NOT NULL,
    schema_version INTEGER NOT NULL,
    occurred_at    INTEGER NOT NULL,
    recorded_at    INTEGER NOT NULL,
    tenant         TEXT,
    metadata       TEXT,
    payload        TEXT    NOT NULL,
    UNIQUE (aggregate_type, aggregate_id, version)
) STRICT;

CREATE INDEX eventsource_events_by_event_type ON eventsource_events (event_type);
CREATE INDEX eventsource_events_by_aggregate_type ON eventsource_events (aggregate_type);
CREATE INDEX eventsource_events_by_tenant ON eventsource_events (tenant) WHERE tenant IS NOT NULL;

CREATE TABLE checkpoints (name TEXT PRIMARY KEY, position INTEGER NOT NULL) STRICT, WITHOUT ROWID;
