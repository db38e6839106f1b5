-- What a subscription could not apply, who owns it, up to where it is being rebuilt, and the state that it keeps.

ALTER TABLE eventsource_checkpoints ADD COLUMN rebuild_to   INTEGER;  -- NULL once the checkpoint has been there
ALTER TABLE eventsource_checkpoints ADD COLUMN owner        TEXT;
ALTER TABLE eventsource_checkpoints ADD COLUMN leased_until INTEGER;  -- microseconds since 1970, UTC; NULL: by nobody

CREATE TABLE eventsource_dead_letters (
    subscription   TEXT    NOT NULL,
    position       INTEGER NOT NULL,
    aggregate_type TEXT    NOT NULL,
    aggregate_id   BLOB    NOT NULL,         -- a UUID, 16 bytes
    parks          INTEGER NOT NULL,         -- 1 while later events of the stream wait behind it, 0 once dismissed
    held           INTEGER NOT NULL,         -- how many wait
    letter         TEXT    NOT NULL,         -- JSON: the event's place and the errors
    PRIMARY KEY (subscription, position)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX eventsource_dead_letters_by_stream
    ON eventsource_dead_letters (subscription, aggregate_type, aggregate_id) WHERE parks = 1;

CREATE TABLE eventsource_snapshots (
    name        TEXT    PRIMARY KEY,
    position    INTEGER NOT NULL,
    fingerprint TEXT    NOT NULL,
    state       BLOB    NOT NULL
) STRICT, WITHOUT ROWID;
