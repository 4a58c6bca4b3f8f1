-- What the first line of every page says of an incident while it goes on; empty where the standings say it themselves.
ALTER TABLE incident ADD COLUMN sentence text NOT NULL DEFAULT '';
