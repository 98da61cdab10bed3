// SPDX-License-Identifier: Apache-2.0

import Glibc
import Outbound

/// The fields of INFO that a check uses.
///
/// ```
/// # Replication
/// role:slave
/// master_link_status:down
/// ```
/// Lines end in CR LF; a field of a later version is not looked at.
///
/// The text is searched for each field that is wanted: a dictionary of all hundred of them costs more.
struct RedisInfo: Hashable {
    private var bytes: [UInt8] = []

    /// Takes a reply to INFO or CLUSTER INFO; an error (NOPERM) leaves the fields absent.
    mutating func add(_ reply: RedisReply?) {
        guard case .bulk(let text) = reply else { return }
        // Each line, the first too, has an end of line before it.
        bytes.append(UInt8(ascii: "\n"))
        bytes += text
    }

    /// The value of a field, fit to be shown.
    func text(_ name: StaticString) -> String? {
        bytes.withUnsafeBytes { all in
            guard let base = all.baseAddress else { return nil }
            var place = 0
            while place < all.count, let newline = memchr(base + place, 0x0A, all.count - place) {
                place = newline - UnsafeMutableRawPointer(mutating: base) + 1
                let colon = place + name.utf8CodeUnitCount
                guard colon < all.count else { return nil }
                guard all[colon] == UInt8(ascii: ":"),
                    memcmp(base + place, name.utf8Start, colon - place) == 0
                else { continue }
                let value = all[(colon + 1)...].prefix { $0 != 0x0D && $0 != 0x0A }
                return ForeignText.shown(value)
            }
            return nil
        }
    }

    func integer(_ name: StaticString) -> Int64? { text(name).flatMap { Int64($0) } }

    /// nil where the server does not tell.
    var isReplica: Bool? { text("role").map { $0 == "slave" } }

    /// Where a replica has its master; nil where that is not a host and a port.
    var master: (host: String, port: String)? {
        guard let host = text("master_host"), HostText.isName(host) || HostText.isAddress(host),
            let port = text("master_port"), UInt16(port) != nil
        else { return nil }
        return (host, port)
    }

    /// Used memory in percent of maxmemory; nil without a limit.
    var memoryPercent: Double? {
        guard let used = integer("used_memory"), let limit = integer("maxmemory"), limit > 0 else {
            return nil
        }
        return Double(used) / Double(limit) * 100
    }

    /// Whether writes are refused because memory is full and nothing may be evicted.
    var isOutOfMemory: Bool {
        guard let used = integer("used_memory"), let limit = integer("maxmemory"), limit > 0 else {
            return false
        }
        return used >= limit && text("maxmemory_policy") == "noeviction"
    }
}
