// SPDX-License-Identifier: Apache-2.0

import Vitals

/// How the connections of a Unix socket are shared out among the users of the machine.
package struct ConnectionShares: Sendable, Hashable {
    /// Connections in all: each costs a descriptor.
    package var connections: Int
    /// Connections of one user, so that one cannot lock out the others.
    package var perUser: Int
    /// Of all connections, kept free for root and vitald's own user: the operator always gets in.
    package var reserved: Int
    /// Connections that one user may open a second, and as many at once. Beyond, they are refused before anything is
    /// made of them: a user that opens them faster would keep the event loop busy and the queue full.
    package var opensPerSecond: Int

    /// Shares them out.
    package init(connections: Int, perUser: Int, reserved: Int, opensPerSecond: Int = 500) {
        self.connections = connections
        self.perUser = perUser
        self.reserved = reserved
        self.opensPerSecond = opensPerSecond
    }
}

/// Who holds how many connections, and how much each user may still push. A plain value: the server asks it.
struct ConnectionLedger {
    /// Why a connection was refused.
    enum Refusal: Error, Hashable {
        /// All are taken.
        case total(Int)
        /// This user has its share.
        case user(Int)
        /// This user opens them too fast.
        case rate
    }

    /// So many users are told apart by how fast they open connections.
    private static let users = 256

    /// What one user has.
    private struct Account {
        var connections = 0
        /// Push tokens as of `filled`; a full bucket is one second's worth.
        var tokens: Double
        var filled: Instant
    }

    private let shares: ConnectionShares
    private let pushesPerSecond: Int
    private var accounts: [UInt32: Account] = [:]
    private var opened = BucketTable<UInt32>(capacity: users)
    private(set) var total = 0
    /// Connections of administrators beyond their user's share; they live on the reserve.
    private var extra = 0

    init(_ shares: ConnectionShares, pushesPerSecond: Int = 0) {
        self.shares = shares
        self.pushesPerSecond = pushesPerSecond
    }

    init(limits: SocketLimits) { self.init(limits.shares, pushesPerSecond: limits.pushesPerSecond) }

    /// Enters a connection, or says why not. Administrators may use the reserve, within and beyond their share, and
    /// open as many as they like.
    mutating func open(user: UInt32, administrator: Bool, at now: Instant) throws(Refusal) {
        guard total < shares.connections - (administrator ? 0 : shares.reserved) else {
            throw .total(shares.connections)
        }
        var account = accounts[user] ?? Account(tokens: Double(pushesPerSecond), filled: now)
        let isExtra = account.connections >= shares.perUser
        guard !isExtra || (administrator && extra < shares.reserved) else { throw .user(shares.perUser) }
        if !administrator { try countOpening(of: user, at: now) }
        if isExtra { extra += 1 }
        account.connections += 1
        accounts[user] = account
        total += 1
    }

    private mutating func countOpening(of user: UInt32, at now: Instant) throws(Refusal) {
        let interval = Duration.seconds(1) / max(shares.opensPerSecond, 1)
        if let full = opened.fullAt(user), full > now {
            // What a full bucket holds is a second's worth.
            if (full - now) + interval > .seconds(1) { throw .rate }
        }
        opened.add(interval, to: user, at: now)
    }

    /// Strikes out a connection that was entered.
    mutating func close(user: UInt32) {
        guard var account = accounts[user], account.connections > 0 else { return }
        if account.connections > shares.perUser { extra -= 1 }
        account.connections -= 1
        total -= 1
        accounts[user] = account.connections == 0 ? nil : account
    }

    /// Takes tokens for pushed items; nil when they are granted, else how long to wait.
    mutating func push(_ items: Int, user: UInt32, at now: Instant) -> Duration? {
        guard var account = accounts[user] else { return nil }
        let rate = Double(pushesPerSecond)
        let elapsed = max(0, (now - account.filled).seconds)
        account.tokens = min(rate, account.tokens + elapsed * rate)
        account.filled = now
        let missing = Double(items) - account.tokens
        if missing <= 0 { account.tokens -= Double(items) }
        accounts[user] = account
        return missing <= 0 ? nil : .seconds(missing / max(rate, 1))
    }
}
