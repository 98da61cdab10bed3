// SPDX-License-Identifier: Apache-2.0

import Vitals

/// The families of a Redis check, under the names of redis_exporter.
enum RedisFamilies {
    static let up = MetricFamily(
        "redis_up", .gauge, "Whether the last attempt got an answer from the server.")
    static let masterLink = MetricFamily(
        "redis_master_link_up", .gauge, "Whether a replica's link to its master is up.")
    static let clusterState = MetricFamily("redis_cluster_state", .gauge, "Whether the cluster serves.")
    static let lastSave = MetricFamily(
        "redis_rdb_last_bgsave_status", .gauge, "Whether the last snapshot was written.")
    static let scrapeError = MetricFamily(
        "redis_exporter_last_scrape_error", .gauge, "Whether reading the statistics failed, and why.")
    static let scrapeDuration = MetricFamily(
        "redis_exporter_last_scrape_duration_seconds", .gauge, "How long reading the statistics took.")
    static let ping = MetricFamily(
        "redis_exporter_last_scrape_ping_time_seconds", .gauge, "How long the last PING took.")

    /// The families that are a field of INFO as it is.
    static let fields: [(field: StaticString, family: MetricFamily)] = [
        ("used_memory", MetricFamily("redis_memory_used_bytes", .gauge, "Memory in use.")),
        ("maxmemory", MetricFamily("redis_memory_max_bytes", .gauge, "The setting maxmemory, 0 for none.")),
        ("connected_clients", MetricFamily("redis_connected_clients", .gauge, "Client connections.")),
        ("maxclients", MetricFamily("redis_max_clients", .gauge, "The setting maxclients.")),
        ("blocked_clients", MetricFamily("redis_blocked_clients", .gauge, "Clients in a blocking command.")),
        ("connected_slaves", MetricFamily("redis_connected_slaves", .gauge, "Connected replicas.")),
        (
            "uptime_in_seconds",
            MetricFamily("redis_uptime_in_seconds", .gauge, "Seconds since the server's start.")
        ),
        (
            "total_commands_processed",
            MetricFamily("redis_commands_processed_total", .counter, "Commands processed.")
        ),
        (
            "rejected_connections",
            MetricFamily("redis_rejected_connections_total", .counter, "Connections refused by maxclients.")
        ),
        ("evicted_keys", MetricFamily("redis_evicted_keys_total", .counter, "Keys evicted by maxmemory.")),
        ("expired_keys", MetricFamily("redis_expired_keys_total", .counter, "Keys that expired.")),
        (
            "keyspace_hits",
            MetricFamily("redis_keyspace_hits_total", .counter, "Lookups that found their key.")
        ),
        (
            "keyspace_misses",
            MetricFamily("redis_keyspace_misses_total", .counter, "Lookups that found no key.")
        ),
    ]

    /// The samples of a server's INFO.
    static func series(_ info: RedisInfo) -> [SeriesPoint] {
        var series = fields.compactMap { field, family in
            info.integer(field).map { SeriesPoint(family, .integer($0)) }
        }
        if let status = info.text("rdb_last_bgsave_status") {
            series.append(SeriesPoint(lastSave, .integer(status == "ok" ? 1 : 0)))
        }
        if let link = info.text("master_link_status"), let master = info.master {
            series.append(
                SeriesPoint(
                    masterLink, .integer(link == "up" ? 1 : 0),
                    labels: [
                        (name: "master_host", value: master.host), (name: "master_port", value: master.port),
                    ]))
        }
        if let state = info.text("cluster_state") {
            series.append(SeriesPoint(clusterState, .integer(state == "ok" ? 1 : 0)))
        }
        return series
    }
}
