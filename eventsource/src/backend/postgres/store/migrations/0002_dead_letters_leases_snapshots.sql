-- What a subscription could not apply, who owns it, up to where it is being rebuilt, and the state that it keeps.

ALTER TABLE {schema}.eventsource_checkpoints
    ADD COLUMN rebuild_to   bigint,       -- NULL once the checkpoint has been there
    ADD COLUMN owner        text,
    ADD COLUMN leased_until timestamptz;  -- NULL: by nobody

CREATE TABLE {schema}.eventsource_dead_letters (
    subscription   text    COLLATE "C" NOT NULL,
    position       bigint  NOT NULL,
    aggregate_type text    COLLATE "C" NOT NULL,
    aggregate_id   uuid    NOT NULL,
    parks          boolean NOT NULL,      -- while later events of the stream wait behind it; not once dismissed
    held           bigint  NOT NULL,      -- how many wait
    letter         text    NOT NULL,      -- JSON: the event's place and the errors
    CONSTRAINT eventsource_dead_letters_pkey PRIMARY KEY (subscription, position)
);

CREATE UNIQUE INDEX eventsource_dead_letters_by_stream
    ON {schema}.eventsource_dead_letters (subscription, aggregate_type, aggregate_id) WHERE parks;

CREATE TABLE {schema}.eventsource_snapshots (
    name        text  COLLATE "C" CONSTRAINT eventsource_snapshots_pkey PRIMARY KEY,
    position    bigint NOT NULL,
    fingerprint text   NOT NULL,
    state       bytea  NOT NULL
);
