-- The checksum of each migration, by which an edited one is noticed. The code fills it in.
ALTER TABLE eventsource_schema ADD COLUMN checksum INTEGER;
