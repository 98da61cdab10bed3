// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Who holds how many connections, and how much each user may still push. A plain value: the server asks it.
struct ConnectionLedger {
    /// Why a connection was turned away.
    enum Refusal: Error, Hashable {
        /// All are taken.
        case total(Int)
        /// This user has its share.
        case user(Int)
    }

    /// What one user has.
    private struct Account {
        var connections = 0
        /// Push tokens as of `filled`; a full bucket is one second's worth.
        var tokens: Double
        var filled: Instant
    }

    private let limits: SocketLimits
    private var accounts: [UInt32: Account] = [:]
    private(set) var total = 0
    /// Connections of administrators beyond their user's share; they live on the reserve.
    private var extra = 0

    init(limits: SocketLimits) { self.limits = limits }

    /// Enters a connection, or says why not. Administrators may use the reserve, within and beyond their share.
    mutating func open(user: UInt32, administrator: Bool, at now: Instant) throws(Refusal) {
        guard total < limits.connections - (administrator ? 0 : limits.reserved) else {
            throw .total(limits.connections)
        }
        var account =
            accounts[user] ?? Account(tokens: Double(limits.pushesPerSecond), filled: now)
        if account.connections >= limits.connectionsPerUser {
            guard administrator, extra < limits.reserved else { throw .user(limits.connectionsPerUser) }
            extra += 1
        }
        account.connections += 1
        accounts[user] = account
        total += 1
    }

    /// Strikes out a connection that was entered.
    mutating func close(user: UInt32) {
        guard var account = accounts[user], account.connections > 0 else { return }
        if account.connections > limits.connectionsPerUser { extra -= 1 }
        account.connections -= 1
        total -= 1
        accounts[user] = account.connections == 0 ? nil : account
    }

    /// Takes tokens for pushed items; nil when they are granted, else how long to wait.
    mutating func push(_ items: Int, user: UInt32, at now: Instant) -> Duration? {
        guard var account = accounts[user] else { return nil }
        let rate = Double(limits.pushesPerSecond)
        let elapsed = max(0, (now - account.filled).seconds)
        account.tokens = min(rate, account.tokens + elapsed * rate)
        account.filled = now
        let missing = Double(items) - account.tokens
        if missing <= 0 { account.tokens -= Double(items) }
        accounts[user] = account
        return missing <= 0 ? nil : .seconds(missing / max(rate, 1))
    }
}
