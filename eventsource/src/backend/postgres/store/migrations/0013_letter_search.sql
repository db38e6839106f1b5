-- What dead letters are searched by. A process of an earlier version can go on: its statements name none of these
-- columns. The letters that it stores have NULL there, and a search reads their text instead.

ALTER TABLE {schema}.eventsource_dead_letters
    ADD COLUMN event_type text COLLATE "C",
    ADD COLUMN error      text COLLATE "C",   -- the first line, at most 200 characters
    ADD COLUMN failed_at  timestamptz;        -- the last time

CREATE INDEX eventsource_dead_letters_of_stream
    ON {schema}.eventsource_dead_letters (aggregate_type, aggregate_id, subscription, position);

-- The first letters of the table. The rest keeps NULL, so that the migration of a large table does not take long.
-- An escaped NUL becomes U+FFFD. No text in JSON contains the control character that stands for an escaped backslash.
UPDATE {schema}.eventsource_dead_letters AS own SET
    event_type = read.letter ->> 'event_type',
    error      = left(substring(coalesce(read.letter -> 'errors' ->> 0, '') FROM '^[^\r\n]*'), 200),
    failed_at  = (read.letter ->> 'last_failed_at')::timestamptz
FROM (
    SELECT subscription, position, replace(replace(replace(letter, '\\', chr(1)), '\u0000', '\ufffd'), chr(1), '\\')::json AS letter
    FROM {schema}.eventsource_dead_letters ORDER BY subscription, position LIMIT 50000
) AS read
WHERE own.subscription = read.subscription AND own.position = read.position;
