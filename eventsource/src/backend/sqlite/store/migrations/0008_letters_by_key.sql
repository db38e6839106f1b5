-- Dead letters in number: each question about them reads a page by an index, however many there are.

CREATE INDEX eventsource_dead_letters_parking
    ON eventsource_dead_letters (subscription, position) WHERE parks = 1;
CREATE INDEX eventsource_dead_letters_dismissed
    ON eventsource_dead_letters (subscription, position) WHERE parks = 0;
-- In JSON text a quote inside a value is escaped: this is found in the field alone.
CREATE INDEX eventsource_dead_letters_released
    ON eventsource_dead_letters (subscription, position)
    WHERE parks = 1 AND instr(letter, '"state":"Released"') > 0;
