-- Which subscription owns the table of which read model.

CREATE TABLE eventsource_read_models (
    table_key    TEXT PRIMARY KEY,           -- the name in lower case: names that differ by case only are one table
    table_name   TEXT NOT NULL,
    subscription TEXT NOT NULL
) STRICT, WITHOUT ROWID;
