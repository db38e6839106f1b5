-- What operators ask of subscriptions, and what managers report about them. A process of an earlier version can go on:
-- its statements name none of these columns and tables.

-- The pause that an operator wants; NULL: none.
ALTER TABLE eventsource_checkpoints ADD COLUMN paused_at     INTEGER;
ALTER TABLE eventsource_checkpoints ADD COLUMN paused_by     TEXT;
ALTER TABLE eventsource_checkpoints ADD COLUMN paused_reason TEXT;

CREATE TABLE eventsource_subscriptions (
    subscription TEXT    NOT NULL,
    manager      TEXT    NOT NULL,           -- the name under which it owns checkpoints
    state        TEXT    NOT NULL,
    report       TEXT    NOT NULL,           -- JSON
    reported_at  INTEGER NOT NULL,
    PRIMARY KEY (subscription, manager)
) STRICT, WITHOUT ROWID;

CREATE TABLE eventsource_requests (
    id           BLOB    NOT NULL PRIMARY KEY,   -- a UUID; a later request has a larger one
    subscription TEXT    NOT NULL,
    action       TEXT    NOT NULL,
    arguments    TEXT    NOT NULL,               -- JSON
    asked_by     TEXT    NOT NULL,
    asked_at     INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    state        TEXT    NOT NULL,               -- waiting, taken, done, refused, withdrawn, expired
    taken_by     TEXT,
    taken_epoch  INTEGER,
    changed_at   INTEGER NOT NULL,               -- the time of the last change of the state
    answer       TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX eventsource_requests_open ON eventsource_requests (id) WHERE state IN ('waiting', 'taken');
CREATE INDEX eventsource_requests_by_subscription ON eventsource_requests (subscription, id);
