-- The slice of each event, and the range of slices of each checkpoint. A process of an earlier version can go on: its
-- statements name none of these columns.

-- NULL: a process of an earlier version has stored the event. A reader computes the slice from the stream.
ALTER TABLE eventsource_events ADD COLUMN slice INTEGER;

-- The name is the key of the row: of a checkpoint of all slices, the subscription; of a part, followed by its range.
ALTER TABLE eventsource_checkpoints ADD COLUMN subscription TEXT;                       -- of a part; NULL: the name
ALTER TABLE eventsource_checkpoints ADD COLUMN slice_from   INTEGER NOT NULL DEFAULT 0;  -- both ends are included
ALTER TABLE eventsource_checkpoints ADD COLUMN slice_to     INTEGER NOT NULL DEFAULT 1023;

CREATE UNIQUE INDEX eventsource_checkpoints_by_slice
    ON eventsource_checkpoints (subscription, slice_from) WHERE subscription IS NOT NULL;
