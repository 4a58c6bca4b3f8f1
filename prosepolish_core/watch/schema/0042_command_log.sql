-- Valkey logs large requests and large replies beside slow commands, each log with ids of its own.
ALTER TABLE slow_command ADD COLUMN log text NOT NULL DEFAULT 'slow' CHECK (log IN ('slow', 'large-request', 'large-reply'));
ALTER TABLE slow_command ADD COLUMN size bigint; -- bytes of what was large; null for slow commands
ALTER TABLE slow_command DROP CONSTRAINT slow_command_pkey;
ALTER TABLE slow_command ADD PRIMARY KEY (source, run_id, log, id);
COMMENT ON TABLE slow_command IS 'Entries of the servers'' command logs; duration in seconds, size in bytes. Arguments are never stored.';

-- Ids that were never read: the ring had pushed them out before the next reading, or nobody was reading.
CREATE VIEW slow_command_gaps AS
SELECT source, run_id, log, before_at AS after, at AS before, id - before_id - 1 AS missed
FROM (
    SELECT source, run_id, log, id, at,
           lag(id) OVER each_log AS before_id, lag(at) OVER each_log AS before_at
    FROM slow_command WINDOW each_log AS (PARTITION BY source, run_id, log ORDER BY id)
) AS entries
WHERE id > before_id + 1;
COMMENT ON VIEW slow_command_gaps IS 'How many entries of a log are missing between two that were read, and between which instants.';
