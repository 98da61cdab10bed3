// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Publishing
import Vitals

/// Pages for tests.
enum PageSample {
    /// The text of a page.
    static func text(_ sheets: [Sheet], _ format: PageFormat) -> String {
        var writer = PageWriter()
        var buffer = ByteBuffer()
        writer.write(sheets, format, to: &buffer)
        return String(buffer: buffer)
    }

    /// A page of one family.
    static func text(
        _ family: MetricFamily, _ rows: [(labels: [(name: String, value: String)], value: MetricValue)],
        _ format: PageFormat = .text
    ) -> String {
        var sheet = Sheet()
        sheet.begin(family)
        for row in rows { sheet.add(row.value, sheet.labels(row.labels)) }
        return text([sheet], format)
    }

    /// The names that dashboards force on us, of every kind, with hostile labels.
    static func dropIn() -> Sheet {
        var sheet = Sheet()
        let id = sheet.labels([
            ("id", #"/system.slice/dev-disk\x2dby.service"#), ("name", "a\"b\nc"), ("image", "grün"),
        ])
        let plain = sheet.labels([("id", "/"), ("name", ""), ("image", "")])
        let families: [(String, MetricFamily.Kind)] = [
            ("container_cpu_usage_seconds_total", .counter), ("container_memory_usage_bytes", .gauge),
            ("container_memory_failcnt", .counter), ("container_fs_inodes_total", .gauge),
            ("container_spec_cpu_shares", .gauge), ("container_start_time_seconds", .gauge),
            ("container_creation_time_seconds", .gauge), ("pg_stat_activity_count", .gauge),
            ("pg_stat_database_blks_hit", .counter), ("pg_stat_database_deadlocks", .counter),
            ("pg_stat_database_xact_commit", .counter), ("pg_stat_database_xact_rollback", .counter),
            ("redis_commands_processed_total", .counter), ("probe_success", .gauge),
            ("node_memory_MemTotal_bytes", .gauge), ("node_vmstat_oom_kill", .untyped),
            ("vitald_container_info", .gauge), ("container_last_seen", .gauge),
        ]
        for (name, kind) in families {
            sheet.begin(MetricFamily(name, kind, "What \(name) means, with a \\ and a \"quote\"."))
            sheet.add(.micros(1_500_000), id)
            sheet.add(.integer(Int64(name.utf8.count)), plain)
        }
        sheet.begin(MetricFamily("agno_data_processing_seconds", .histogram, "How long a run takes."))
        for (le, count) in [("0.5", 1), ("1.0", 3), ("+Inf", 4)] {
            sheet.add(.integer(Int64(count)), sheet.labels([("le", le)]), suffix: .bucket)
        }
        sheet.add(.double(3.25), suffix: .sum)
        sheet.add(.integer(4), suffix: .count)
        return sheet
    }
}
