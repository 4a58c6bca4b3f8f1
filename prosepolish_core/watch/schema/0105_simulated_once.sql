-- An incident is simulated when it began in a simulated_span, as everything that has a time; nothing ever wrote this column.
ALTER TABLE incident DROP COLUMN simulated;
