-- What the collectors read about PostgreSQL's sessions and standbys: counts, states and lags, and never the text of a query.
-- A role that sees all of pg_stat_activity (as pg_monitor does) also reads texts with passwords in them: ALTER ROLE x PASSWORD.
-- The functions run with the rights of the schema's owner, who should be a member of pg_read_all_stats; a superuser is.

CREATE FUNCTION server_connections() RETURNS TABLE (state text, connections bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT coalesce(state, 'background'), count(*) FROM pg_stat_activity WHERE datname = current_database() GROUP BY 1 $$;

CREATE FUNCTION server_longest_transaction() RETURNS double precision
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT coalesce(max(extract(epoch FROM now() - xact_start)), 0) FROM pg_stat_activity WHERE state <> 'idle' $$;

-- Bytes and seconds of every standby behind this server, whose names are its own to choose; nulls where it was never asked.
CREATE FUNCTION server_standbys() RETURNS TABLE (name text, streaming integer, lag_bytes numeric, lag_seconds double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(nullif(application_name, ''), '(none)') || '@' || coalesce(host(client_addr), 'local'),
           max((state = 'streaming')::int),
           max(pg_wal_lsn_diff(
               CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END, replay_lsn)),
           max(extract(epoch FROM coalesce(replay_lag, interval '0')))
    FROM pg_stat_replication GROUP BY 1 ORDER BY 1
$$;

-- Of a standby: whether it receives what its primary writes.
CREATE FUNCTION server_receiving() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT count(*) FROM pg_stat_wal_receiver WHERE status = 'streaming' $$;

REVOKE EXECUTE ON FUNCTION server_connections(), server_longest_transaction(), server_standbys(), server_receiving() FROM PUBLIC;
