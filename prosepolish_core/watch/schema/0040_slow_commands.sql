-- Slow commands: entries of the servers' slow logs without their arguments, each once per server process.
CREATE TABLE slow_command (
    source    text        NOT NULL,
    run_id    text        NOT NULL,
    id        bigint      NOT NULL,
    at        timestamptz NOT NULL,
    duration  real        NOT NULL,
    command   text        NOT NULL,
    arguments integer     NOT NULL,
    family    text        NOT NULL,
    client    text        NOT NULL,
    PRIMARY KEY (source, run_id, id)
);
CREATE INDEX slow_command_at ON slow_command (at);
COMMENT ON TABLE slow_command IS 'Slow log entries; duration in seconds. Arguments are never stored.';
