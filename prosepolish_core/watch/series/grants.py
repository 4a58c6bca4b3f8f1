"""The exact PostgreSQL rights of the collectors and of people who only read, as SQL."""

#: Tables the collectors write, and what they do there. `sample_run`'s partitions are made by `sample_ensure_day`.
COLLECTORS = {
    "SELECT, INSERT": ("sample_run", "sample_frame", "mark", "slow_command", "incident_event"),
    "SELECT, INSERT, UPDATE": (
        *("sample_stream", "sample_series", "sample_layout", "sample_late"),
        *("incident", "incident_alert", "alert_channel", "alert_standing", "collector_probe"),
    ),
    "SELECT": (
        *("standing", "simulated_span"),
        *("sample_outcome", "sample_rolled", "sample_minute", "sample_hour", "sample_gone", "samples", "collector_runs"),
        *("silence", "telemetry_lookup", "paid_calls"),
    ),
}
#: Functions that count sessions and standbys. pg_monitor would show texts of queries, and passwords with them.
COUNTING = ("server_connections()", "server_longest_transaction()", "server_standbys()", "server_receiving()")
#: Views and tables for people, plain SQL and Grafana.
READERS = (
    *("samples", "samples_minute", "samples_hour", "collector_runs", "mark", "slow_command", "slow_command_gaps"),
    *("incident", "incident_alert", "incident_event", "standing", "simulated_span"),
)


def collector_grants(role: str = "prosepolish_collectors") -> list[str]:
    """Statements for the owner of the schema.

    The function that makes a day's partition runs with the owner's rights.
    """
    return [
        f"CREATE ROLE {role} LOGIN; -- set its password with \\password",
        f"GRANT USAGE ON SCHEMA public TO {role};",
        *(f"GRANT {rights} ON {', '.join(tables)} TO {role};" for rights, tables in COLLECTORS.items()),
        "ALTER FUNCTION sample_ensure_day(date) SECURITY DEFINER SET search_path = public, pg_temp;",
        "REVOKE EXECUTE ON FUNCTION sample_ensure_day(date) FROM PUBLIC;",
        f"GRANT EXECUTE ON FUNCTION sample_ensure_day(date), {', '.join(COUNTING)} TO {role};",
        "-- Those that count sessions see them with the owner's rights: GRANT pg_read_all_stats to an owner who is no superuser.",
        "-- Roll-ups and retention drop partitions: let one collector run as the schema's owner, else `store_upkeep` is refused.",
    ]


def reader_grants(role: str = "prosepolish_reader") -> list[str]:
    """Statements for a role that only reads: Grafana, or a person."""
    return [
        f"CREATE ROLE {role} LOGIN; -- set its password with \\password",
        f"GRANT USAGE ON SCHEMA public TO {role};",
        f"GRANT SELECT ON {', '.join(READERS)} TO {role};",
    ]
