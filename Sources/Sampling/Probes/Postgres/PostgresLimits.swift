// SPDX-License-Identifier: Apache-2.0

import Vitals

/// For how long a statement may run and wait for a lock, in milliseconds, as Postgres counts.
struct PostgresLimits: Hashable {
    let statement: Int64
    let lock: Int64

    /// The server gives up on a lock, then on the statement, before vitald gives up on the server, which keeps the
    /// connection.
    init(within time: Duration) {
        func milliseconds(_ tenths: Int64) -> Int64 {
            max(1, time.nanoseconds / 10 * tenths / 1_000_000)
        }
        statement = milliseconds(9)
        lock = milliseconds(8)
    }

    /// For the start parameter `options`.
    var options: String { "-c statement_timeout=\(statement) -c lock_timeout=\(lock)" }

    /// Goes before a statement in the same message: several statements in one message are one transaction, which an
    /// error ends, so nothing has to be rolled back.
    var prelude: String { "SET LOCAL statement_timeout=\(statement);SET LOCAL lock_timeout=\(lock);" }

    /// How many statements the prelude has.
    static let preludeCount = 2

    /// A setting as Postgres shows it: `0`, `4500ms`, `5s`, `1min`, `2h`, `1d`.
    static func milliseconds(_ text: String) -> Int64? {
        let digits = text.utf8.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
        guard let number = Int64(String(decoding: digits, as: UTF8.self)) else { return nil }
        let factor: Int64
        switch String(decoding: text.utf8.dropFirst(digits.count), as: UTF8.self) {
        case "", "ms": factor = 1
        case "s": factor = 1000
        case "min": factor = 60_000
        case "h": factor = 3_600_000
        case "d": factor = 86_400_000
        default: return nil
        }
        let (product, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : product
    }
}
