-- Dead letters in number: each question about them reads a page by an index, however many there are.

CREATE INDEX eventsource_dead_letters_parking
    ON {schema}.eventsource_dead_letters (subscription, position) WHERE parks;
CREATE INDEX eventsource_dead_letters_dismissed
    ON {schema}.eventsource_dead_letters (subscription, position) WHERE NOT parks;
-- In JSON text a quote inside a value is escaped: this is found in the field alone.
CREATE INDEX eventsource_dead_letters_released
    ON {schema}.eventsource_dead_letters (subscription, position)
    WHERE parks AND strpos(letter, '"state":"Released"') > 0;
