-- The log, and how far each subscription has come in it. {schema} stands for the schema.

-- Without a cache, and up to what fits into the key of a lock (see eventsource_before_append).
CREATE SEQUENCE {schema}.eventsource_positions AS bigint MAXVALUE 281474976710655 CACHE 1;

CREATE TABLE {schema}.eventsource_events (
    position       bigint      NOT NULL DEFAULT nextval('{schema}.eventsource_positions') CONSTRAINT eventsource_events_pkey PRIMARY KEY,
    event_id       uuid        NOT NULL CONSTRAINT eventsource_events_event_id_key UNIQUE,
    aggregate_type text        COLLATE "C" NOT NULL,
    aggregate_id   uuid        NOT NULL,
    version        bigint      NOT NULL,  -- in the stream, from 1
    event_type     text        COLLATE "C" NOT NULL,
    schema_version bigint      NOT NULL,
    occurred_at    timestamptz NOT NULL,
    recorded_at    timestamptz NOT NULL,
    tenant         text        COLLATE "C",  -- out of the metadata, for the index
    metadata       json,                  -- NULL where it is empty
    payload        text        NOT NULL,  -- JSON, to the byte; not jsonb, which has no \u0000
    CONSTRAINT eventsource_events_stream_version_key UNIQUE (aggregate_type, aggregate_id, version)
);

ALTER SEQUENCE {schema}.eventsource_positions OWNED BY {schema}.eventsource_events.position;

-- Each index ends with the position: one entry's range of positions is read in order.
CREATE INDEX eventsource_events_by_event_type ON {schema}.eventsource_events (event_type, position);
CREATE INDEX eventsource_events_by_aggregate_type ON {schema}.eventsource_events (aggregate_type, position);
CREATE INDEX eventsource_events_by_tenant ON {schema}.eventsource_events (tenant, position) WHERE tenant IS NOT NULL;

-- Before a statement draws its first position: a shared lock until the end of the transaction, whose key is the log's
-- tag (16 bits) and the last position drawn until now (48 bits). One lock a transaction is enough; a setting that is
-- local to the transaction remembers it, and is forgotten together with the lock where a savepoint is rolled back.
CREATE FUNCTION {schema}.eventsource_before_append() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    own  text := pg_current_xact_id()::text;
    held text := 'eventsource.log_' || TG_RELID;
BEGIN
    IF current_setting(held, true) IS DISTINCT FROM own THEN
        PERFORM pg_advisory_xact_lock_shared(
            ((TG_RELID::bigint % 65534 + 1) << 48) | CASE WHEN is_called THEN last_value ELSE last_value - 1 END
        ) FROM {schema}.eventsource_positions;
        PERFORM set_config(held, own, true);
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER eventsource_before_append BEFORE INSERT ON {schema}.eventsource_events
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.eventsource_before_append();

-- Who appends at this moment, and which positions are drawn after which. Prepared transactions have no pid.
CREATE VIEW {schema}.eventsource_appending AS
SELECT pid, virtualtransaction, (classid::bigint & 65535) << 32 | objid::bigint AS after_position
FROM pg_locks
WHERE locktype = 'advisory' AND objsubid = 1 AND mode = 'ShareLock' AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND classid::bigint >> 16 = '{schema}.eventsource_events'::regclass::oid::bigint % 65534 + 1;

-- How far the log can be read. The order of the statements is what makes it true: first the last position drawn, then
-- who appends. Rows up to the head are read afterwards, by another statement with a later snapshot.
CREATE FUNCTION {schema}.eventsource_horizon(OUT standby boolean, OUT drawn bigint, OUT held bigint, OUT head bigint)
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    standby := pg_is_in_recovery();
    IF NOT standby THEN
        SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END INTO drawn FROM {schema}.eventsource_positions;
        SELECT min(after_position) INTO held FROM {schema}.eventsource_appending;
        SELECT coalesce(max(position), 0) INTO head FROM {schema}.eventsource_events WHERE position <= least(drawn, held);
    END IF;
END
$$;

CREATE TABLE {schema}.eventsource_checkpoints (
    name        text        COLLATE "C" PRIMARY KEY,
    position    bigint,                   -- NULL after a reset; the row stays, so that epochs only grow
    epoch       bigint      NOT NULL,
    fingerprint text        NOT NULL,
    updated_at  timestamptz NOT NULL
) WITH (fillfactor = 50);                 -- room for the new version of a row beside the old one

-- The batches at work: a row while a batch runs, which nobody else sees. It goes before the batch commits, and as long
-- as it is there the transaction cannot commit, whoever asks for it.
CREATE TABLE {schema}.eventsource_batches (id uuid PRIMARY KEY);

CREATE FUNCTION {schema}.eventsource_refuse_commit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM {schema}.eventsource_batches WHERE id = NEW.id) THEN
        RAISE EXCEPTION 'a handler tries to commit the transaction of its batch'
            USING ERRCODE = 'invalid_transaction_termination',
                  HINT = 'the runtime commits, together with the checkpoint: remove the statement';
    END IF;
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER eventsource_refuse_commit AFTER INSERT ON {schema}.eventsource_batches
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION {schema}.eventsource_refuse_commit();
