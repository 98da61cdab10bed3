// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Vitals

/// What all connections of one server share. Confined to the event loop, as they are.
final class SocketHall {
    let loop: any EventLoop
    let limits: SocketLimits
    let clock: any TimeSource
    let catalog: MethodCatalog
    var tallies: SocketTallies
    private let board: Board
    private let access: SocketAccess
    private let inspection: PeerInspection
    private let reserve: DescriptorReserve
    /// Those who are refused, of all its listeners.
    let rejections: Rejections
    private let audit: @Sendable (SocketAudit) -> Void
    /// Denied calls of administrators' methods, by user: anybody may make as many as the socket takes.
    private var denials: [UInt32: RepeatLimit] = [:]
    /// So many users are told apart.
    private static let usersDenied = 256
    private let gone: @Sendable (ConnectionID, Instant) -> Void
    private var ledger: ConnectionLedger
    private var refusals: [Reason: (rejection: Rejection, tally: TallyBook.Tally)] = [:]
    private(set) var sessions: [ConnectionID: SocketSession] = [:]
    private var connectionsSoFar: UInt64 = 0
    /// The one writer of the loop; lent to the session that answers.
    private var writer: JSONWriter? = JSONWriter(capacity: 16_384)
    /// A writer that grew beyond this in one burst is not kept: one large answer must not cost memory for ever.
    private static let writerKept = 262_144

    init(_ equipment: SocketServer.Equipment, loop: any EventLoop, answerers: [MethodCatalog.Answerer]) {
        self.loop = loop
        limits = equipment.limits
        clock = equipment.clock
        board = equipment.board
        access = equipment.access
        inspection = equipment.inspection
        reserve = equipment.reserve
        rejections = Rejections(lingeringFor: equipment.limits.lingerTime)
        audit = equipment.audit
        gone = equipment.gone
        tallies = SocketTallies(book: equipment.tallies)
        catalog = MethodCatalog(answerers, tallies: tallies)
        ledger = ConnectionLedger(limits: equipment.limits)
    }

    // MARK: Coming and going

    /// Whether a connection is let in. What costs more than a look at its user is done only where it is.
    func decide(_ newcomer: Newcomer) -> Admission {
        if newcomer.isGone { return .refused(.silent) }
        let descriptor = newcomer.descriptor
        guard let credentials = inspection.credentials(of: descriptor) else { return refused(.unknown) }
        let roles = access.roles(of: credentials)
        guard !roles.isEmpty else {
            tallies.dropped("connection", "denied")
            let fault = SocketFault.denied("connecting", needs: .read, has: roles, uid: credentials.uid)
            return .refused(Rejection(words: Self.line(fault)))
        }
        let isAdministrator = roles.contains(.admin)
        guard reserve.admits(descriptor, administrator: isAdministrator) else { return refused(.descriptors) }
        do throws(ConnectionLedger.Refusal) {
            try ledger.open(user: credentials.uid, administrator: isAdministrator, at: clock.now)
        } catch {
            return refused(.ledger(error))
        }
        connectionsSoFar += 1
        let caller = SocketCaller(
            connection: ConnectionID(connectionsSoFar), credentials: credentials, roles: roles,
            origin: inspection.origin(of: descriptor, credentials))
        let session = SocketSession(caller: caller, hall: self)
        sessions[caller.connection] = session
        tallies.connections.set(Int64(ledger.total))
        return .admitted { [self] channel in
            do {
                try channel.pipeline.syncOperations.addHandler(session)
            } catch {
                left(session)
                throw error
            }
        }
    }

    /// Why a connection is refused, where that is the same for everybody.
    private enum Reason: Hashable {
        case unknown
        case descriptors
        case ledger(ConnectionLedger.Refusal)

        var label: String {
            switch self {
            case .unknown: "no_credentials"
            case .descriptors: "descriptors"
            case .ledger(.total): "too_many"
            case .ledger(.user): "too_many_of_user"
            case .ledger(.rate): "rate"
            }
        }

        var fault: SocketFault {
            switch self {
            case .unknown: .unavailable("the kernel does not say which user you are (SO_PEERCRED)")
            case .descriptors: .noDescriptors
            case .ledger(.total(let limit)): .tooManyConnections(limit: limit, perUser: false)
            case .ledger(.user(let limit)): .tooManyConnections(limit: limit, perUser: true)
            case .ledger(.rate): .tooManyOpenings
            }
        }
    }

    /// In a flood there are many of the same kind: each is written once.
    private func refused(_ reason: Reason) -> Admission {
        if let known = refusals[reason] {
            known.tally.add()
            return .refused(known.rejection)
        }
        let tally = tallies.drops("connection", reason.label)
        let rejection = Rejection(
            words: Self.line(reason.fault), isForDescriptors: reason == .descriptors)
        refusals[reason] = (rejection, tally)
        tally.add()
        return .refused(rejection)
    }

    private static func line(_ fault: SocketFault) -> ByteBuffer {
        var writer = JSONWriter(capacity: 256)
        writer.splice(#"{"jsonrpc":"2.0","id":null,"error":"#)
        fault.write(into: &writer)
        writer.splice("}\n")
        return ByteBuffer(bytes: writer.bytes)
    }

    /// Strikes out a session whose connection is gone.
    func left(_ session: SocketSession) {
        guard sessions.removeValue(forKey: session.caller.connection) != nil else { return }
        ledger.close(user: session.caller.credentials.uid)
        tallies.connections.set(Int64(ledger.total))
        gone(session.caller.connection, clock.now)
    }

    // MARK: Calls

    /// Lets a call pass, or says why not: its role, and for pushes the rate of its user.
    func admit(_ entry: MethodCatalog.Entry, _ call: SocketCall) throws(SocketFault) {
        let method = entry.method
        let allowed = call.caller.roles.contains(method.role)
        if method.role == .admin, let others = allowed ? 0 : denied(call) {
            let subject = call.parameters?["name"]?.string ?? ""
            audit(
                SocketAudit(
                    method: method.name, subject: Echo.cut(subject), caller: call.caller, allowed: allowed,
                    others: others))
        }
        guard allowed else {
            throw .denied(
                method.name, needs: method.role, has: call.caller.roles, uid: call.caller.credentials.uid)
        }
        if method.role == .push, case .call(let handler) = entry.answerer,
            let wait = ledger.push(
                handler.pushedItems(call), user: call.caller.credentials.uid, at: call.received)
        {
            throw .rateLimited(retryAfter: wait)
        }
    }

    /// Notes a denied call; gives how many others of its user had no line, where this one has one.
    private func denied(_ call: SocketCall) -> Int? {
        let user = call.caller.credentials.uid
        if denials[user] == nil, denials.count >= Self.usersDenied { denials.removeAll() }
        return denials[user, default: RepeatLimit()].admit(at: call.received)
    }

    /// Counts what became of the items of a push.
    func pushed(_ receipt: PushReceipt, isNotification: Bool) {
        tallies.pushes.count(receipt, at: .socket)
        guard isNotification else { return }
        for rejection in receipt.rejections { tallies.dropped("notification", rejection.fault.kind) }
    }

    /// Counts a push that was refused as a whole.
    func refusedPush(_ method: SocketMethod) {
        guard method.role == .push else { return }
        tallies.pushes.count(String(method.name.dropFirst("push.".count)), at: .socket, .rejected)
    }

    func lendWriter() -> JSONWriter {
        defer { writer = nil }
        return writer ?? JSONWriter(capacity: 1024)
    }

    func takeBack(_ lent: consuming JSONWriter) {
        guard lent.bytes.capacity <= Self.writerKept else { return writer = JSONWriter(capacity: 16_384) }
        lent.removeAll()
        writer = lent
    }

    // MARK: Events

    /// Tells every subscriber of these changes. Each event is written once, however many hear it.
    func announce(_ changes: [HealthChange]) {
        guard sessions.values.contains(where: { !$0.topics.isEmpty }) else { return }
        for change in changes {
            let view = ChangeView(change)
            let event = eventBytes { view.writeMembers(epoch: board.epoch, into: &$0) }
            for session in sessions.values {
                session.offer(event, topic: view.topic, sequence: change.sequence)
            }
        }
    }

    /// The event that stands for those that a slow reader missed.
    func lostEvent(count: Int?, sequence: UInt64) -> ByteBuffer {
        eventBytes { Subscribe.writeLoss(count, sequence: sequence, epoch: board.epoch, into: &$0) }
    }

    private func eventBytes(_ members: (inout JSONWriter) -> Void) -> ByteBuffer {
        var writer = JSONWriter(capacity: 256)
        writer.object { line in
            line.member("jsonrpc", "2.0")
            line.member("method", "event")
            line.member("params", object: members)
        }
        writer.newline()
        return ByteBuffer(bytes: writer.bytes)
    }
}
