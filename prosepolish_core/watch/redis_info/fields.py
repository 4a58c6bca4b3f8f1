"""The field table of INFO: name, kind, unit, the first version that has it, and what it can be.

A `V` marks a Valkey version.
"""

from typing import NamedTuple

from ...model.sample import Kind


class Field(NamedTuple):
    """One numeric field. `since` is the first Redis version that shows it, or `V8` for a Valkey one.

    A number below `low` or above `high` is one the field cannot have: an underflow, a wrapped clock. It is unknown
    then.
    """

    kind: Kind
    unit: str
    since: str
    low: float
    high: float


C, G = Kind.COUNTER, Kind.GAUGE
_CERTIFICATES = "tls_server_cert_expires_in_seconds tls_client_cert_expires_in_seconds tls_ca_cert_expires_in_seconds"
#: (kind, unit, since, names). A field keeps INFO's own name and INFO's own scale; the unit says which scale that is.
GROUPS = (
    # server
    (G, "seconds", "2.6", "uptime_in_seconds"),
    (G, "days", "2.6", "uptime_in_days"),
    (G, "microseconds", "6.2", "server_time_usec"),
    (G, "1", "2.6", "hz lru_clock process_id tcp_port arch_bits"),
    (G, "1", "5.0", "configured_hz"),
    (G, "1", "6.0", "io_threads_active"),
    (G, "1", "V9.1", "clients_hz"),
    (G, "milliseconds", "7.0", "shutdown_in_milliseconds"),
    # clients
    (G, "1", "2.6", "connected_clients blocked_clients"),
    (G, "1", "5.0", "clients_in_timeout_table"),
    (G, "bytes", "5.0", "client_recent_max_input_buffer client_recent_max_output_buffer"),
    (G, "bytes", "2.6", "client_longest_output_list client_biggest_input_buf"),
    (G, "1", "6.0", "tracking_clients"),
    (G, "1", "6.2", "maxclients cluster_connections"),
    (G, "1", "7.2", "total_blocking_keys total_blocking_keys_on_nokey"),
    (G, "1", "7.4", "pubsub_clients watching_clients total_watched_keys"),
    (G, "milliseconds", "V9.0", "paused_timeout_milliseconds"),
    # memory
    (G, "bytes", "2.6", "used_memory used_memory_rss used_memory_peak used_memory_lua"),
    (G, "bytes", "3.2", "total_system_memory maxmemory"),
    (G, "bytes", "4.0", "used_memory_overhead used_memory_startup used_memory_dataset"),
    (G, "percent", "4.0", "used_memory_peak_perc used_memory_dataset_perc"),
    (G, "bytes", "5.0", "used_memory_scripts allocator_allocated allocator_active allocator_resident allocator_frag_bytes"),
    (G, "bytes", "5.0", "allocator_rss_bytes rss_overhead_bytes mem_fragmentation_bytes mem_not_counted_for_evict"),
    (G, "bytes", "5.0", "mem_replication_backlog mem_clients_slaves mem_clients_normal mem_aof_buffer"),
    (G, "ratio", "2.6", "mem_fragmentation_ratio"),
    (G, "ratio", "5.0", "allocator_frag_ratio allocator_rss_ratio rss_overhead_ratio"),
    (G, "1", "5.0", "number_of_cached_scripts"),
    (G, "bytes", "7.0", "used_memory_vm_eval used_memory_vm_functions used_memory_vm_total used_memory_scripts_eval"),
    (G, "bytes", "7.0", "used_memory_functions mem_total_replication_buffers mem_cluster_links"),
    (G, "1", "7.0", "number_of_functions number_of_libraries"),
    (G, "bytes", "7.4", "allocator_muzzy mem_overhead_db_hashtable_rehashing"),
    (G, "seconds", "8.0", "used_memory_peak_time"),
    (G, "bytes", "8.0", "mem_replica_full_sync_buffer"),
    (G, "bytes", "8.0", "replica_full_sync_buffer_size replica_full_sync_buffer_peak"),
    (G, "1", "8.2", "master_current_sync_attempts"),
    (C, "1", "8.2", "master_total_sync_attempts"),
    (C, "seconds", "8.2", "total_disconnect_time_sec"),
    (G, "bytes", "V8.0", "mem_replicas_repl_buffer"),
    (G, "bytes", "V9.0", "mem_cluster_slot_import mem_cluster_slot_export"),
    (G, "bytes", "8.2", "mem_cluster_slot_migration_output_buffer mem_cluster_slot_migration_input_buffer"),
    (G, "bytes", "8.2", "mem_cluster_slot_migration_input_buffer_peak"),
    (G, "1", "4.0", "active_defrag_running lazyfree_pending_objects"),
    (C, "1", "6.2", "lazyfreed_objects"),
    # persistence
    (G, "1", "2.6", "loading rdb_changes_since_last_save rdb_bgsave_in_progress aof_enabled aof_rewrite_in_progress"),
    (G, "1", "2.6", "aof_rewrite_scheduled aof_pending_rewrite aof_pending_bio_fsync"),
    (G, "1", "7.0", "async_loading current_cow_size_age"),
    (G, "bytes", "6.2", "current_cow_size"),
    (G, "bytes", "7.0", "current_cow_peak"),
    (G, "percent", "6.2", "current_fork_perc"),
    (G, "1", "6.2", "current_save_keys_processed current_save_keys_total"),
    (G, "seconds", "2.6", "rdb_last_save_time rdb_last_bgsave_time_sec rdb_current_bgsave_time_sec"),
    (G, "seconds", "2.6", "aof_last_rewrite_time_sec aof_current_rewrite_time_sec"),
    (C, "1", "7.0", "rdb_saves aof_rewrites"),
    (G, "1", "7.0", "rdb_last_load_keys_expired rdb_last_load_keys_loaded"),
    (G, "1", "7.0", "aof_rewrites_consecutive_failures"),
    (G, "bytes", "4.0", "rdb_last_cow_size aof_last_cow_size module_fork_last_cow_size"),
    (G, "1", "6.2", "module_fork_in_progress"),
    (G, "1", "V9.0", "slot_migration_fork_in_progress"),
    (G, "bytes", "2.6", "aof_current_size aof_base_size aof_buffer_length aof_rewrite_buffer_length"),
    (C, "1", "2.6", "aof_delayed_fsync"),
    (G, "seconds", "2.6", "loading_start_time loading_eta_seconds"),
    (G, "bytes", "2.6", "loading_total_bytes loading_loaded_bytes loading_rdb_used_mem"),
    (G, "percent", "2.6", "loading_loaded_perc"),
    # stats
    (C, "1", "2.6", "total_connections_received total_commands_processed rejected_connections sync_full"),
    (C, "1", "2.6", "sync_partial_ok sync_partial_err expired_keys evicted_keys keyspace_hits keyspace_misses"),
    (C, "bytes", "2.8", "total_net_input_bytes total_net_output_bytes"),
    (C, "bytes", "7.0", "total_net_repl_input_bytes total_net_repl_output_bytes"),
    (C, "bytes", "V9.0", "total_net_cluster_slot_import_bytes total_net_cluster_slot_export_bytes"),
    (G, "1/seconds", "2.6", "instantaneous_ops_per_sec"),
    (G, "kilobytes/seconds", "2.8", "instantaneous_input_kbps instantaneous_output_kbps"),
    (G, "kilobytes/seconds", "7.0", "instantaneous_input_repl_kbps instantaneous_output_repl_kbps"),
    (G, "1/seconds", "7.2", "instantaneous_eventloop_cycles_per_sec"),
    (G, "microseconds", "7.2", "instantaneous_eventloop_duration_usec"),
    (G, "percent", "5.0", "expired_stale_perc"),
    (G, "percent", "V9.0", "expired_keys_with_volatile_items_stale_perc"),
    (C, "1", "5.0", "expired_time_cap_reached_count"),
    (C, "milliseconds", "6.0", "expire_cycle_cpu_milliseconds"),
    (C, "1", "7.0", "evicted_clients"),
    (C, "1", "7.4", "evicted_scripts expired_subkeys"),
    (G, "1", "7.4", "expired_subkeys_active"),
    (C, "1", "V9.0", "expired_fields"),
    (C, "milliseconds", "7.0", "total_eviction_exceeded_time total_active_defrag_time"),
    (G, "milliseconds", "7.0", "current_eviction_exceeded_time current_active_defrag_time"),
    (G, "1", "2.6", "pubsub_channels pubsub_patterns"),
    (G, "1", "7.0", "pubsubshard_channels"),
    (G, "microseconds", "2.6", "latest_fork_usec"),
    (C, "1", "6.2", "total_forks dump_payload_sanitizations"),
    (G, "1", "2.6", "migrate_cached_sockets"),
    (G, "1", "4.0", "slave_expires_tracked_keys"),
    (C, "1", "4.0", "active_defrag_hits active_defrag_misses active_defrag_key_hits active_defrag_key_misses"),
    (G, "1", "6.0", "tracking_total_keys tracking_total_items tracking_total_prefixes"),
    (C, "1", "6.2", "unexpected_error_replies total_error_replies total_reads_processed total_writes_processed"),
    (C, "1", "6.0", "io_threaded_reads_processed io_threaded_writes_processed"),
    (C, "1", "V8.0", "io_threaded_freed_objects io_threaded_accept_processed io_threaded_poll_processed"),
    (C, "1", "V8.0", "io_threaded_total_prefetch_batches io_threaded_total_prefetch_entries"),
    (C, "1", "8.2", "total_prefetch_batches total_prefetch_entries"),
    (C, "1", "7.4", "client_query_buffer_limit_disconnections client_output_buffer_limit_disconnections"),
    (C, "1", "7.0", "reply_buffer_shrinks reply_buffer_expands"),
    (C, "1", "7.2", "eventloop_cycles acl_access_denied_auth acl_access_denied_cmd acl_access_denied_key"),
    (C, "1", "7.2", "acl_access_denied_channel"),
    (C, "1", "V9.1", "acl_access_denied_tls_cert acl_access_denied_db"),
    (C, "microseconds", "7.2", "eventloop_duration_sum eventloop_duration_cmd_sum"),
    # replication
    (G, "1", "2.6", "connected_slaves min_slaves_good_slaves slave_priority slave_read_only slave_repl_offset"),
    (C, "bytes", "2.8", "master_repl_offset"),
    (G, "bytes", "4.0", "second_repl_offset"),
    (G, "1", "2.8", "repl_backlog_active"),
    (G, "bytes", "2.8", "repl_backlog_size repl_backlog_first_byte_offset repl_backlog_histlen"),
    (G, "1", "6.2", "replica_announced slave_read_repl_offset"),
    (G, "1", "V8.0", "replicas_waiting_psync replicas_repl_buffer_size replicas_repl_buffer_peak"),
    (G, "seconds", "2.6", "master_last_io_seconds_ago master_link_down_since_seconds master_sync_last_io_seconds_ago"),
    (G, "1", "2.6", "master_sync_in_progress"),
    (G, "bytes", "2.6", "master_sync_left_bytes"),
    (G, "bytes", "6.2", "master_sync_total_bytes master_sync_read_bytes"),
    (G, "percent", "6.2", "master_sync_perc"),
    # cpu
    (C, "seconds", "2.6", "used_cpu_sys used_cpu_user used_cpu_sys_children used_cpu_user_children"),
    (C, "seconds", "6.2", "used_cpu_sys_main_thread used_cpu_user_main_thread"),
    (C, "seconds", "V9.1", "used_active_time_main_thread"),
    # sentinel
    (G, "1", "2.8", "sentinel_masters sentinel_tilt sentinel_running_scripts sentinel_scripts_queue_length"),
    (G, "1", "3.2", "sentinel_simulate_failure_flags"),
    (G, "seconds", "7.0", "sentinel_tilt_since_seconds"),
    (G, "1", "V9.1", "sentinel_total_tilt"),
    # tls, cluster, scripting engines
    (G, "seconds", "V9.1", _CERTIFICATES),
    (G, "1", "3.0", "cluster_enabled"),
    (G, "1", "V8.1", "engines_count"),
    (G, "bytes", "V8.1", "engines_total_used_memory engines_total_memory_overhead"),
)

#: A duration or an offset of -1 says that there is none yet. 2**50 bytes are more memory than a machine has.
_NONE_YET = -1.0
_DURATION, _OFFSET, _INSTANT = (_NONE_YET, 2.0**31), (_NONE_YET, 2.0**62), (0.0, 2.0**33)
_SIGNED_BYTES = (-(2.0**50), 2.0**50)
#: What a counter can be, and what a field can be that nobody knows.
COUNTS, ANYTHING = (0.0, 2.0**63 - 1024), (-(2.0**62), 2.0**62)
#: What a gauge can be, by its unit.
BY_UNIT = {
    "1": (0.0, 2.0**53),
    "1/seconds": (0.0, 2.0**40),
    "bytes": (0.0, 2.0**50),
    "days": (0.0, 2.0**15),
    "kilobytes/seconds": (0.0, 2.0**40),
    "microseconds": (0.0, 2.0**53),
    "milliseconds": (_NONE_YET, 2.0**41),
    "percent": (0.0, 2.0**10),  # of a peak that is told a moment late: above 100
    "ratio": (0.0, 2.0**20),
    "seconds": _DURATION,
}
#: What a field can be, where its unit does not tell.
_BY_NAME = (
    (_SIGNED_BYTES, "mem_fragmentation_bytes allocator_frag_bytes allocator_rss_bytes rss_overhead_bytes"),
    (_OFFSET, "second_repl_offset slave_repl_offset slave_read_repl_offset repl_backlog_first_byte_offset"),
    (_OFFSET, "master_sync_left_bytes master_sync_total_bytes master_sync_read_bytes"),
    (_INSTANT, "rdb_last_save_time loading_start_time used_memory_peak_time latency_event_time"),
    ((-(2.0**31), 2.0**33), _CERTIFICATES),
)
BY_NAME = {name: bounds for bounds, names in _BY_NAME for name in names.split()}
#: Fields in which a server writes 0 for a thing that it does not have: a certificate, where it speaks no TLS. One that
#: has expired counts on below 0.
ZERO_IS_NONE = frozenset(_CERTIFICATES.split())


def possible(metric: str, kind: Kind, unit: str) -> tuple[float, float]:
    """The smallest and the largest number that a metric can have."""
    return BY_NAME.get(metric) or (COUNTS if kind is C else BY_UNIT[unit])


FIELDS: dict[str, Field] = {
    name: Field(kind, unit, since, *possible(name, kind, unit)) for kind, unit, since, names in GROUPS for name in names.split()
}

#: Words that are strings even when they look like numbers, or say nothing worth keeping as a series.
_TEXTS = (
    "redis_version valkey_version server_name valkey_release_stage redis_git_sha1 redis_git_dirty redis_build_id redis_mode"
    " server_mode os monotonic_clock multiplexing_api gcc_version process_supervised run_id executable config_file atomicvar_api"
    " availability_zone paused_reason paused_actions maxmemory_policy mem_allocator role master_failover_state master_replid"
    " master_replid2 master_host master_port tls_server_cert_serial tls_client_cert_serial tls_ca_cert_serial"
)
TEXTS = frozenset(_TEXTS.split())
#: Strings that are also a number worth watching: name -> the words that count as 0 and as 1; any other word is unknown.
STATUSES = {
    "rdb_last_bgsave_status": ("err", "ok"),
    "aof_last_bgrewrite_status": ("err", "ok"),
    "aof_last_write_status": ("err", "ok"),
    "master_link_status": ("down", "up"),
}
#: Strings kept with each run, because resets and verdicts are explained by them.
_STATES = (
    "run_id role os mem_allocator maxmemory_policy uptime_in_seconds process_id availability_zone master_replid master_replid2"
    " master_host master_port master_failover_state rdb_last_bgsave_status aof_last_bgrewrite_status aof_last_write_status"
    " master_link_status redis_version valkey_version"
)
STATES = tuple(_STATES.split())
#: How an unknown field's unit is guessed from the end of its name; the first that fits wins.
SUFFIX_UNITS = (
    ("_bytes", "bytes"),
    ("_usec", "microseconds"),
    ("_milliseconds", "milliseconds"),
    ("_msec", "milliseconds"),
    ("_seconds", "seconds"),
    ("_perc", "percent"),
    ("_ratio", "ratio"),
)


def unit_of_unknown(name: str) -> str:
    """The unit an unknown field most likely has."""
    return next((unit for suffix, unit in SUFFIX_UNITS if name.endswith(suffix)), "1")
