-- Which log this is, and which positions were given before the log was truncated. Checkpoints recognise their log.

CREATE TABLE {schema}.eventsource_log (
    only_row boolean CONSTRAINT eventsource_log_pkey PRIMARY KEY DEFAULT true CHECK (only_row),
    id       uuid   NOT NULL,             -- made with the log
    given_to bigint NOT NULL DEFAULT 0    -- the last position given before the last TRUNCATE
);

INSERT INTO {schema}.eventsource_log (id) VALUES (gen_random_uuid());

-- All may be NULL: a process of an earlier version writes none of them.
ALTER TABLE {schema}.eventsource_checkpoints
    ADD COLUMN log_id         uuid,       -- the log in which the position counts
    ADD COLUMN event_position bigint,     -- an event of the log at or before the position
    ADD COLUMN event_id       uuid;       -- the id of that event

-- As before, and the id of the event at the head. What reads the columns of before by their names finds them.
DROP FUNCTION {schema}.eventsource_horizon();
CREATE FUNCTION {schema}.eventsource_horizon(
    OUT standby boolean, OUT drawn bigint, OUT held bigint, OUT head bigint, OUT head_event uuid
)
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    standby := pg_is_in_recovery();
    IF NOT standby THEN
        SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END INTO drawn FROM {schema}.eventsource_positions;
        SELECT min(after_position) INTO held FROM {schema}.eventsource_appending;
        SELECT position, event_id INTO head, head_event FROM {schema}.eventsource_events
            WHERE position <= least(drawn, held) ORDER BY position DESC LIMIT 1;
        head := coalesce(head, 0);
    END IF;
END
$$;

-- TRUNCATE … RESTART IDENTITY begins the sequence again, between these two triggers: no position is given twice.
CREATE FUNCTION {schema}.eventsource_keep_positions() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    drawn bigint;
BEGIN
    SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END INTO drawn FROM {schema}.eventsource_positions;
    IF TG_WHEN = 'BEFORE' THEN
        UPDATE {schema}.eventsource_log SET given_to = greatest(given_to, drawn);
    ELSE
        PERFORM setval('{schema}.eventsource_positions', given_to) FROM {schema}.eventsource_log WHERE given_to > drawn;
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER eventsource_before_truncate BEFORE TRUNCATE ON {schema}.eventsource_events
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.eventsource_keep_positions();
CREATE TRIGGER eventsource_after_truncate AFTER TRUNCATE ON {schema}.eventsource_events
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.eventsource_keep_positions();
