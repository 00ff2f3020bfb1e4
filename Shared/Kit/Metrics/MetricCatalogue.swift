/// What every metric says of itself, where not the one who makes it does: libraries count without knowing the registry.
///
/// docs/observability.md has the same list, with types and labels; a test compares both with what the processes show.
public enum MetricCatalogue {
    /// The help texts, by name.
    public static let help = traffic.merging(stores) { $1 }.merging(work) { $1 }

    private static let traffic = [
        "gatehouse_gateway_requests_total": "Requests by route and class of status, or how they ended without one.",
        "gatehouse_gateway_request_seconds": "Time from a request's head to the last byte of its answer.",
        "gatehouse_gateway_upstream_seconds": "Time from a request's going on to a service to the head of its answer.",
        "gatehouse_token_cache_lookups_total": "Access tokens looked up among those found good before.",
        "gatehouse_token_cache_entries": "Access tokens that are remembered as good, expired ones included.",
        "gatehouse_requests_total": "Requests by operation and class of status.",
        "gatehouse_request_seconds": "Time an operation took.",
        "gatehouse_upstream_instance_state": "1 for the state an instance is in, 0 for the others.",
        "gatehouse_upstream_open_requests": "Requests under way at an instance.",
        "gatehouse_upstream_ejections_total": "Times an instance was put out of use.",
        "gatehouse_upstream_refusals_total": "Requests turned away unsent, because no instance had room for such.",
        "gatehouse_upstream_retries_total": "Requests sent to another instance after one had failed them.",
        "gatehouse_upstream_connect_failures_total": "Connections to an instance that could not be made.",
        "gatehouse_ratelimit_decisions_total": "Decisions of the rate limiter by policy, source and outcome.",
        "gatehouse_ratelimit_degraded": "1 while limits are counted without Redis.",
        "gatehouse_ratelimit_accounts": "Accounts of leased policies in memory.",
        "gatehouse_ratelimit_evictions_total": "Accounts that had to go for others.",
        "gatehouse_ratelimit_lease_calls_total": "Calls in which leases were brought up to date.",
    ]

    private static let stores = [
        "gatehouse_postgres_connections_wanted": "Connections to Postgres that are kept.",
        "gatehouse_postgres_connections_up": "Connections to Postgres that are up.",
        "gatehouse_postgres_queue_depth": "Units of statements that wait for a connection.",
        "gatehouse_postgres_in_flight": "Units of statements whose answer is awaited.",
        "gatehouse_postgres_wait_seconds": "Time from asking for a unit of statements to sending it.",
        "gatehouse_postgres_roundtrip_seconds": "Time from sending a unit of statements to its last result.",
        "gatehouse_postgres_units_total": "Units of statements by outcome; server means that Postgres refused one.",
        "gatehouse_postgres_reconnects_total": "Connections to Postgres that ended and are made again.",
        "gatehouse_postgres_connect_failures_total": "Attempts to connect to Postgres that failed.",
        "gatehouse_redis_connections_up": "Connections to Redis for commands that are up.",
        "gatehouse_redis_pending": "Commands whose answer is awaited.",
        "gatehouse_redis_commands_total": "Commands by outcome.",
        "gatehouse_redis_reconnects_total": "Connections to Redis that were lost and made again.",
        "gatehouse_redis_publish_failures_total": "Messages that could not be published.",
        "gatehouse_redis_subscription_up": "1 while the subscription to events is up.",
        "gatehouse_redis_subscription_lag_seconds": "Time the last sign of life took on the subscription.",
        "gatehouse_redis_subscription_dropped_total": "Messages dropped because their reader was slow.",
        "gatehouse_events_applied_total": "Events applied; one may be applied more than once.",
        "gatehouse_events_told_total":
            "Ended sessions told by hints, without a reading: applied, or refused since they could not be verified.",
        "gatehouse_events_read_failures_total": "Times events could not be read.",
        "gatehouse_events_delay_seconds":
            "Time from an event's row, or from its being told, to its being applied here.",
        "gatehouse_events_newest_timestamp_seconds": "When the newest event that was applied was written.",
        "gatehouse_events_last_poll_timestamp_seconds": "When all events there were had been read.",
        "gatehouse_events_cursor": "Transaction up to which all events were read.",
        "gatehouse_events_current": "1 once the revocations of the past are known.",
        "gatehouse_profile_cache_lookups_total":
            "Profiles looked up among those kept; bypass means none might be used.",
        "gatehouse_profile_cache_entries": "Profiles that are kept, those included that do not hold any more.",
        "gatehouse_revocations": "Sessions, tokens, users and tenants whose tokens may be refused.",
    ]

    private static let work = [
        "gatehouse_hash_workers": "Threads that hash passwords.",
        "gatehouse_hash_workers_busy": "Threads that are hashing.",
        "gatehouse_hash_queue_capacity": "Hashes that may wait while all threads are busy.",
        "gatehouse_hash_queue_depth": "Hashes that wait.",
        "gatehouse_hash_memory_total":
            "Hashes by their memory: kept for that, or other, which those of other schemes have.",
        "gatehouse_hash_wait_seconds": "Time a hash waited for a thread.",
        "gatehouse_hash_seconds": "Time a hash took.",
        "gatehouse_hash_held_seconds": "Time the result of a hash waited to be handed over with others.",
        "gatehouse_hash_refused_total": "Hashes refused, because the queue was full or the deadline had passed.",
        "gatehouse_mails_total": "Mails by what became of them.",
        "gatehouse_mail_pending": "Mails neither sent nor given up.",
        "gatehouse_mail_oldest_pending_seconds": "How long the first of them has waited.",
        "gatehouse_signing_key_age_seconds":
            "Age of the newest key of the tenant that has gone longest without another.",
        "gatehouse_signing_key_rotation_seconds": "How long a signing key is to be in use: KEY_ROTATION.",
        "gatehouse_signing_key_changes_total": "Changes of signing keys made by this process.",
        "gatehouse_signing_key_failures_total": "Times signing keys could not be looked after.",
        "gatehouse_audit_seal": "Number of the last seal of the audit log.",
        "gatehouse_audit_sealed_rows_total": "Rows of the audit log sealed by this process.",
        "gatehouse_audit_chain_cuts_total": "Times the chain of seals was found shorter or another one.",
        "gatehouse_audit_seal_failures_total": "Attempts to seal that failed.",
        "gatehouse_audit_last_check_timestamp_seconds": "When the audit log was last looked at for something to seal.",
        "gatehouse_ready": "1 when readiness answers 200.",
        "gatehouse_check_state": "1 for the state a dependency is in, 0 for the others.",
        "gatehouse_spans_total": "Spans of traces by what became of them.",
        "gatehouse_log_records_dropped_total": "Log records dropped because the log's reader was too slow or gone.",
    ]
}
