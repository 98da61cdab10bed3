// SPDX-License-Identifier: Apache-2.0

import Vitals

/// The families of a Postgres check, under the names of postgres_exporter.
enum PostgresFamilies {
    static let up = MetricFamily("pg_up", .gauge, "Whether the last attempt got an answer from the server.")
    static let activityCount = MetricFamily(
        "pg_stat_activity_count", .gauge, "Connections by database and state.")
    static let activityMaxDuration = MetricFamily(
        "pg_stat_activity_max_tx_duration", .gauge,
        "The longest time a transaction has been open, in seconds, by database and state.")
    static let maxConnections = MetricFamily(
        "pg_settings_max_connections", .gauge, "The setting max_connections.")
    static let reservedConnections = MetricFamily(
        "pg_settings_superuser_reserved_connections", .gauge, "The setting superuser_reserved_connections.")
    static let commits = MetricFamily(
        "pg_stat_database_xact_commit", .counter, "Transactions that were committed.")
    static let rollbacks = MetricFamily(
        "pg_stat_database_xact_rollback", .counter, "Transactions that were rolled back.")
    static let blocksHit = MetricFamily(
        "pg_stat_database_blks_hit", .counter, "Blocks that were found in the buffer cache.")
    static let blocksRead = MetricFamily(
        "pg_stat_database_blks_read", .counter, "Blocks that were read from disk.")
    static let deadlocks = MetricFamily("pg_stat_database_deadlocks", .counter, "Deadlocks that were broken.")
    static let replicationLag = MetricFamily(
        "pg_replication_lag_seconds", .gauge, "How far a standby's replay is behind, 0 on a primary.")
    static let isReplica = MetricFamily(
        "pg_replication_is_replica", .gauge, "Whether the server is a standby.")
    static let databaseSize = MetricFamily(
        "pg_database_size_bytes", .gauge, "The size of a database on disk.")
    static let scrapeError = MetricFamily(
        "pg_exporter_last_scrape_error", .gauge,
        "Whether reading the statistics failed for another reason than a missing permission.")
    static let scrapeDuration = MetricFamily(
        "pg_exporter_last_scrape_duration_seconds", .gauge, "How long reading the statistics took.")
}
