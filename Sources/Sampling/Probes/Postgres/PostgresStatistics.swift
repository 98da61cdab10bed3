// SPDX-License-Identifier: Apache-2.0

import Threads
import Vitals

/// Reads the statistics of a server: one query per source, so that a missing permission costs one source alone.
struct PostgresStatistics {
    /// Sizes are summed up from the files of a database, which is dear: as often as the connection is renewed.
    static let sizeInterval = Duration.seconds(60)
    /// Databases of which figures are shown; a server with more shows the ones with the lowest OIDs and says so
    /// by `pg_exporter_last_scrape_error`.
    static let databaseLimit = 100

    private var sizes: [SeriesPoint] = []
    private var sizesRead: Instant?

    private typealias Points = ([[String?]]) -> [SeriesPoint]

    /// The samples of now; never fails, at worst it says that it did.
    ///
    /// - Parameters:
    ///   - ask: gives the rows of a source's query, nil where they are not to be had.
    ///   - cause: says how a source was refused lately.
    mutating func read(
        role: PostgresRole?, _ countdown: Countdown,
        ask: (PostgresExtra, String) -> [[String?]]?, cause: (PostgresExtra) -> PostgresRefusals.Cause?
    ) -> [SeriesPoint] {
        let started = countdown.time.now
        var series: [SeriesPoint] = []
        var failed = false
        if let role {
            series.append(SeriesPoint(PostgresFamilies.isReplica, .integer(role.isStandby ? 1 : 0)))
            if !role.isStandby {
                series.append(SeriesPoint(PostgresFamilies.replicationLag, .integer(0)))
            } else if let lag = role.lag {
                series.append(SeriesPoint(PostgresFamilies.replicationLag, .double(lag)))
            }
        }
        var sources: [(source: PostgresExtra, query: String, points: Points)] = [
            (.settings, Self.settingsQuery, Self.settings), (.activity, Self.activityQuery, Self.activity),
            (.databases, Self.databaseQuery, Self.databases),
        ]
        let sizesDue = sizesRead.map { started - $0 >= Self.sizeInterval } ?? true
        if sizesDue { sources.append((.sizes, Self.sizeQuery, Self.databaseSizes)) }
        for (source, query, points) in sources {
            guard let rows = ask(source, query) else {
                // Without permission its families are absent, as for every exporter; anything else is a failure.
                if cause(source) == Self.denied {
                    if source == .sizes { sizes = [] }
                } else {
                    failed = true
                }
                continue
            }
            if source == .sizes {
                sizes = points(rows)
                sizesRead = started
            } else {
                series += points(rows)
            }
            if source == .databases, rows.count >= Self.databaseLimit { failed = true }
        }
        return series + sizes + [
            SeriesPoint(PostgresFamilies.scrapeError, .integer(failed ? 1 : 0)),
            SeriesPoint(PostgresFamilies.scrapeDuration, .nanos((countdown.time.now - started).nanoseconds)),
        ]
    }

    private static let denied = PostgresRefusals.Cause.code("SQLSTATE 42501")

    private static let settingsQuery = """
        SELECT name, setting FROM pg_settings \
        WHERE name IN ('max_connections', 'superuser_reserved_connections')
        """

    private static func settings(_ rows: [[String?]]) -> [SeriesPoint] {
        rows.compactMap { row in
            guard row.count == 2, let value = row[1].flatMap({ Int64($0) }) else { return nil }
            let family =
                row[0] == "max_connections"
                ? PostgresFamilies.maxConnections : PostgresFamilies.reservedConnections
            return SeriesPoint(family, .integer(value))
        }
    }

    // Every state of every database, so that an alert on one never sees a gap; as postgres_exporter has it.
    private static let activityQuery = """
        SELECT d.datname, s.state, coalesce(a.n, 0), coalesce(a.longest, 0) \
        FROM (SELECT datname FROM pg_database WHERE datallowconn ORDER BY oid LIMIT \(databaseLimit)) d \
        CROSS JOIN (VALUES ('active'), ('idle'), ('idle in transaction'), \
        ('idle in transaction (aborted)'), ('fastpath function call'), ('disabled')) s(state) \
        LEFT JOIN (SELECT datname, state, count(*) AS n, \
        extract(epoch FROM max(clock_timestamp() - xact_start)) AS longest \
        FROM pg_stat_activity WHERE datname IS NOT NULL AND pid <> pg_backend_pid() \
        GROUP BY 1, 2) a ON a.datname = d.datname AND a.state = s.state
        """

    private static func activity(_ rows: [[String?]]) -> [SeriesPoint] {
        rows.flatMap { row -> [SeriesPoint] in
            guard row.count == 4, let database = row[0], let state = row[1],
                let count = row[2].flatMap({ Int64($0) }), let longest = row[3].flatMap({ Double($0) })
            else { return [] }
            let labels = [(name: "datname", value: database), (name: "state", value: state)]
            return [
                SeriesPoint(PostgresFamilies.activityCount, .integer(count), labels: labels),
                SeriesPoint(PostgresFamilies.activityMaxDuration, .double(longest), labels: labels),
            ]
        }
    }

    private static let databaseQuery = """
        SELECT datid, datname, xact_commit, xact_rollback, blks_hit, blks_read, deadlocks \
        FROM pg_stat_database WHERE datname IS NOT NULL ORDER BY datid LIMIT \(databaseLimit)
        """

    private static func databases(_ rows: [[String?]]) -> [SeriesPoint] {
        let families = [
            PostgresFamilies.commits, PostgresFamilies.rollbacks, PostgresFamilies.blocksHit,
            PostgresFamilies.blocksRead, PostgresFamilies.deadlocks,
        ]
        return rows.flatMap { row -> [SeriesPoint] in
            guard row.count == 7, let identifier = row[0], let name = row[1] else { return [] }
            return families.enumerated().compactMap { index, family in
                guard let value = row[index + 2].flatMap({ Int64($0) }) else { return nil }
                return SeriesPoint(
                    family, .integer(value),
                    labels: [(name: "datid", value: identifier), (name: "datname", value: name)])
            }
        }
    }

    // Only what this user may connect to: pg_database_size refuses the whole query for one database too many.
    private static let sizeQuery = """
        SELECT datname, pg_database_size(oid) FROM pg_database \
        WHERE datallowconn AND has_database_privilege(oid, 'CONNECT') ORDER BY oid LIMIT \(databaseLimit)
        """

    private static func databaseSizes(_ rows: [[String?]]) -> [SeriesPoint] {
        rows.compactMap { row in
            guard row.count == 2, let name = row[0], let size = row[1].flatMap({ Int64($0) }) else {
                return nil
            }
            return SeriesPoint(
                PostgresFamilies.databaseSize, .integer(size), labels: [(name: "datname", value: name)])
        }
    }
}
