"""Our metric names as redis_exporter spells them, so that dashboards made for it work unchanged."""

from typing import NamedTuple


class Name(NamedTuple):
    """One exported metric. `scale` turns our unit into the one its name promises."""

    exported: str
    type: str
    scale: float = 1.0


_GAUGES = """
used_memory memory_used_bytes
used_memory_rss memory_used_rss_bytes
used_memory_peak memory_used_peak_bytes
used_memory_lua memory_used_lua_bytes
used_memory_overhead memory_used_overhead_bytes
used_memory_startup memory_used_startup_bytes
used_memory_dataset memory_used_dataset_bytes
used_memory_scripts memory_used_scripts_bytes
maxmemory memory_max_bytes
total_system_memory total_system_memory_bytes
mem_not_counted_for_evict mem_not_counted_for_eviction_bytes
allocator_active allocator_active_bytes
allocator_allocated allocator_allocated_bytes
allocator_resident allocator_resident_bytes
client_recent_max_input_buffer client_recent_max_input_buffer_bytes
client_recent_max_output_buffer client_recent_max_output_buffer_bytes
loading loading_dump_file
rdb_last_save_time rdb_last_save_timestamp_seconds
rdb_last_bgsave_time_sec rdb_last_bgsave_duration_sec
rdb_current_bgsave_time_sec rdb_current_bgsave_duration_sec
rdb_last_cow_size rdb_last_cow_size_bytes
aof_last_rewrite_time_sec aof_last_rewrite_duration_sec
aof_current_rewrite_time_sec aof_current_rewrite_duration_sec
aof_last_cow_size aof_last_cow_size_bytes
aof_current_size aof_current_size_bytes
aof_base_size aof_base_size_bytes
expired_stale_perc expired_stale_percentage
expired_time_cap_reached_count expired_time_cap_reached_total
active_defrag_hits defrag_hits
active_defrag_misses defrag_misses
active_defrag_key_hits defrag_key_hits
active_defrag_key_misses defrag_key_misses
repl_backlog_active repl_backlog_is_active
repl_backlog_size replication_backlog_bytes
repl_backlog_histlen repl_backlog_history_bytes
sync_full replica_resyncs_full
sync_partial_ok replica_partial_resync_accepted
sync_partial_err replica_partial_resync_denied
migrate_cached_sockets migrate_cached_sockets_total
master_repl_offset master_repl_offset
master_link_status master_link_up
db_keys db_keys
db_expires db_keys_expiring
db_cached_keys db_keys_cached
replica_offset connected_slave_offset_bytes
replica_lag connected_slave_lag_seconds
slowlog_length slowlog_length
slowlog_last_id slowlog_last_id
slowlog_last_duration_seconds last_slow_execution_duration_seconds
latency_event_time latency_spike_last
latency_event_seconds latency_spike_duration_seconds
config_maxmemory config_maxmemory
config_maxclients config_maxclients
config_io_threads config_io_threads
cluster_state cluster_state
cluster_slots_assigned cluster_slots_assigned
cluster_slots_ok cluster_slots_ok
cluster_slots_pfail cluster_slots_pfail
cluster_slots_fail cluster_slots_fail
cluster_known_nodes cluster_known_nodes
cluster_size cluster_size
cluster_current_epoch cluster_current_epoch
cluster_my_epoch cluster_my_epoch
sentinel_primary_replicas sentinel_master_slaves
sentinel_primary_sentinels sentinel_master_sentinels
"""
_COUNTERS = """
total_connections_received connections_received_total
total_commands_processed commands_processed_total
total_net_input_bytes net_input_bytes_total
total_net_output_bytes net_output_bytes_total
rejected_connections rejected_connections_total
expired_keys expired_keys_total
evicted_keys evicted_keys_total
evicted_clients evicted_clients_total
keyspace_hits keyspace_hits_total
keyspace_misses keyspace_misses_total
used_cpu_sys cpu_sys_seconds_total
used_cpu_user cpu_user_seconds_total
used_cpu_sys_children cpu_sys_children_seconds_total
used_cpu_user_children cpu_user_children_seconds_total
used_cpu_sys_main_thread cpu_sys_main_thread_seconds_total
used_cpu_user_main_thread cpu_user_main_thread_seconds_total
cmdstat_calls commands_total
cmdstat_rejected_calls commands_rejected_calls_total
cmdstat_failed_calls commands_failed_calls_total
errorstat_count errors_total
cluster_stats_messages_sent cluster_messages_sent_total
cluster_stats_messages_received cluster_messages_received_total
"""


def _table(text: str, type_: str) -> dict[str, Name]:
    return {ours: Name(f"redis_{theirs}", type_) for ours, theirs in (line.split() for line in text.split("\n") if line)}


NAMES: dict[str, Name] = {
    **_table(_GAUGES, "gauge"),
    **_table(_COUNTERS, "counter"),
    "latest_fork_usec": Name("redis_latest_fork_seconds", "gauge", 1e-6),
    "db_avg_ttl": Name("redis_db_avg_ttl_seconds", "gauge", 1e-3),
    "cmdstat_usec": Name("redis_commands_duration_seconds_total", "counter", 1e-6),
}
#: Labels the exporter calls otherwise.
LABELS = {"error": "err", "event": "event_name", "primary": "master_name"}
#: Metrics that say which primary a replica follows.
OF_PRIMARY = frozenset(
    {"master_last_io_seconds_ago", "master_link_status", "master_sync_in_progress", "slave_repl_offset", "slave_read_repl_offset"}
)
#: Percentile labels: INFO's `p50` is the exporter's quantile 50 (newer ones say 0.5; the field's boards expect the
#: former).
QUANTILE = "quantile"
