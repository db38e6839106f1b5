-- What dead letters are searched by. A process of an earlier version can go on: its statements name none of these
-- columns. The letters that it stores have NULL there, and a search reads their text instead.

ALTER TABLE eventsource_dead_letters ADD COLUMN event_type TEXT;
ALTER TABLE eventsource_dead_letters ADD COLUMN error      TEXT;      -- the first line, at most 200 characters
ALTER TABLE eventsource_dead_letters ADD COLUMN failed_at  INTEGER;   -- the last time; microseconds since 1970, UTC

CREATE INDEX eventsource_dead_letters_of_stream
    ON eventsource_dead_letters (aggregate_type, aggregate_id, subscription, position);

-- The first letters of the table. The rest keeps NULL, so that the migration of a large table does not take long.
-- An escaped NUL becomes U+FFFD. No text in JSON contains the control character that stands for an escaped backslash.
UPDATE eventsource_dead_letters SET
    event_type = read.event_type,
    error      = substr(read.error, 1, min(200, instr(read.error || char(10), char(10)) - 1)),
    failed_at  = unixepoch(substr(read.failed_at, 1, 19)) * 1000000
                 + CAST(substr(rtrim(substr(read.failed_at, 21), 'Z') || '000000', 1, 6) AS INTEGER)
FROM (
    SELECT subscription, position,
           json ->> '$.event_type' AS event_type,
           replace(coalesce(json ->> '$.errors[0]', ''), char(13), char(10)) AS error,
           json ->> '$.last_failed_at' AS failed_at
    FROM (SELECT subscription, position, replace(replace(replace(letter, '\\', char(1)), '\u0000', '\ufffd'), char(1), '\\') AS json
          FROM eventsource_dead_letters ORDER BY subscription, position LIMIT 50000)
) AS read
WHERE eventsource_dead_letters.subscription = read.subscription AND eventsource_dead_letters.position = read.position;
