-- What operators ask of subscriptions, and what managers report about them. A process of an earlier version can go on:
-- its statements name none of these columns and tables.

-- The pause that an operator wants; NULL: none.
ALTER TABLE {schema}.eventsource_checkpoints
    ADD COLUMN paused_at     timestamptz,
    ADD COLUMN paused_by     text,
    ADD COLUMN paused_reason text;

CREATE TABLE {schema}.eventsource_subscriptions (
    subscription text        COLLATE "C" NOT NULL,
    manager      text        COLLATE "C" NOT NULL,   -- the name under which it owns checkpoints
    state        text        NOT NULL,
    report       text        NOT NULL,               -- JSON
    reported_at  timestamptz NOT NULL,
    PRIMARY KEY (subscription, manager)
);

CREATE TABLE {schema}.eventsource_requests (
    id           uuid        PRIMARY KEY,            -- a later request has a larger one
    subscription text        COLLATE "C" NOT NULL,
    action       text        NOT NULL,
    arguments    text        NOT NULL,               -- JSON
    asked_by     text        NOT NULL,
    asked_at     timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    state        text        NOT NULL,               -- waiting, taken, done, refused, withdrawn, expired
    taken_by     text,
    taken_epoch  bigint,
    changed_at   timestamptz NOT NULL,               -- the time of the last change of the state
    answer       text
);

CREATE INDEX eventsource_requests_open ON {schema}.eventsource_requests (id) WHERE state IN ('waiting', 'taken');
CREATE INDEX eventsource_requests_by_subscription ON {schema}.eventsource_requests (subscription, id);
