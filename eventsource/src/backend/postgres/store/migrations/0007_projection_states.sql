-- The progress of projection engines.

CREATE TABLE {schema}.eventsource_projection_states (
    projection_id    text        COLLATE "C" CONSTRAINT eventsource_projection_states_pkey PRIMARY KEY,
    last_event_id    uuid,                   -- NULL before the first event
    position         bigint      NOT NULL,
    updated_at       timestamptz NOT NULL,
    events_processed bigint      NOT NULL,
    error_count      bigint      NOT NULL,
    last_error       text,
    healthy          boolean     NOT NULL    -- true after a success, false after a failure
);
