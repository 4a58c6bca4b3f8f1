-- The token before the current one. Whoever rotates or ends a log-in tells Redis of this one's death too: the rotation that
-- replaced it may not have done so yet.
ALTER TABLE session_family ADD COLUMN previous_hash text;
