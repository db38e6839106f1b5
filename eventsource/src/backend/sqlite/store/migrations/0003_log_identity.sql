-- Which log this is, and which positions were given to events that are deleted. Checkpoints recognise their log.

CREATE TABLE eventsource_log (
    only_row   INTEGER PRIMARY KEY CHECK (only_row = 1),
    id         BLOB    NOT NULL CHECK (length(id) = 16),  -- a UUID, made with the log
    deleted_to INTEGER NOT NULL  -- the last position whose event was deleted: no later event is stored at or before it
) STRICT;

INSERT INTO eventsource_log (only_row, id, deleted_to) VALUES (1, randomblob(16), 0);

CREATE TRIGGER eventsource_event_deleted AFTER DELETE ON eventsource_events BEGIN
    UPDATE eventsource_log SET deleted_to = OLD.position WHERE deleted_to < OLD.position;
END;

CREATE TRIGGER eventsource_event_moved AFTER UPDATE OF position ON eventsource_events BEGIN
    UPDATE eventsource_log SET deleted_to = OLD.position WHERE deleted_to < OLD.position;
END;

-- All may be NULL: a process of an earlier version writes none of them.
ALTER TABLE eventsource_checkpoints ADD COLUMN log_id         BLOB;     -- a UUID: the log in which the position counts
ALTER TABLE eventsource_checkpoints ADD COLUMN event_position INTEGER;  -- an event of the log at or before the position
ALTER TABLE eventsource_checkpoints ADD COLUMN event_id       BLOB;     -- the id of that event, a UUID
