-- Snapshots of aggregates: what a load need not replay. All of them may be deleted at any time.

CREATE TABLE {schema}.eventsource_aggregate_snapshots (
    aggregate_type text        COLLATE "C" NOT NULL,
    aggregate_id   uuid        NOT NULL,
    shape          text        COLLATE "C" NOT NULL,  -- of the state: a changed program writes rows of its own
    version        bigint      NOT NULL,              -- of the last event in the state
    event_id       uuid        NOT NULL,              -- of the same event
    state          text        NOT NULL,              -- JSON
    taken_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT eventsource_aggregate_snapshots_pkey PRIMARY KEY (aggregate_type, aggregate_id, shape)
);
