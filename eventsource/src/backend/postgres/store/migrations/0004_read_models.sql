-- Which subscription owns the table of which read model.

CREATE TABLE {schema}.eventsource_read_models (
    table_key    text COLLATE "C" CONSTRAINT eventsource_read_models_pkey PRIMARY KEY,  -- the name in lower case
    table_name   text COLLATE "C" NOT NULL,
    subscription text COLLATE "C" NOT NULL
);
