// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import Vitals

/// Who is let in, on the loop.
extension HTTPServer {
    /// Whether a connection over the Unix socket is let in: each user has a share of them, and root's is kept free.
    func decideLocal(_ newcomer: Newcomer) -> Admission {
        if newcomer.isGone { return .refused(.silent) }
        let descriptor = newcomer.descriptor
        guard !state.value.isDraining else { return refused(.draining) }
        guard let peer = inspection.credentials(of: descriptor) else { return refused(.unknown) }
        let isAdministrator = users.roles(of: peer).contains(.admin)
        guard reserve.admits(descriptor, administrator: isAdministrator) else { return refused(.descriptors) }
        do throws(ConnectionLedger.Refusal) {
            try state.value.roll.reserve(
                user: peer.uid, administrator: isAdministrator, at: time.now)
        } catch {
            switch error {
            case .total: return refused(.full)
            case .user(let share): return refused(.userLimit(share))
            case .rate: return refused(.userRate)
            }
        }
        return .admitted { [self] channel in
            do {
                try serve(channel, .local(peer))
            } catch {
                state.value.roll.release(user: peer.uid)
                throw error
            }
        }
    }

    /// Whether a connection over TCP is let in, as far as there is room or can be made.
    func decideRemote(_ newcomer: Newcomer) -> Admission {
        let door = state.value.door
        // Who expects a handshake could not read a sentence in plain text.
        let isDeaf = door?.access.tls != nil
        guard !state.value.isDraining else { return isDeaf ? .refused(.silent) : refused(.draining) }
        guard let peer = newcomer.address.flatMap(PeerAddress.init) else { return .refused(.silent) }
        guard reserve.admits(newcomer.descriptor, administrator: false) else {
            return refused(.descriptors, isDeaf: isDeaf)
        }
        // Where nobody is known, nobody's idle connection is worth more than a new one.
        let worth: ConnectionStanding = door?.access.tellsClientsApart ?? false ? .idle : .busy
        let room = state.value.roll.room(
            for: peer, bound: door?.access.limits.connections ?? limits.connections,
            perPeer: door?.access.limits.connectionsPerPeer ?? .max, worth)
        switch room {
        case .free: break
        case .insteadOf(let other):
            tallies.refusals.add(.evicted)
            other.evict()
        case .peerIsFull: return refused(.peerLimit, isDeaf: isDeaf)
        case .full: return refused(.full, isDeaf: isDeaf)
        }
        return .admitted { [self] channel in
            let tls = door?.access.tls
            var arrival = Doorkeeper.Arrival(peer: peer, tls: tls)
            if let tls {
                let ticket = HandshakeTicket()
                arrival.handshake = ticket
                try channel.pipeline.syncOperations.addHandlers([toll(for: peer, ticket), tls.handler()])
            }
            try serve(channel, .remote(arrival))
        }
    }

    private func toll(for peer: PeerAddress, _ ticket: HandshakeTicket) -> HandshakeToll {
        HandshakeToll(
            admit: { [self] in
                // TLS may have been switched off meanwhile: what has begun may go on.
                guard let door = state.value.door else { return .zero }
                if let wait = ticket.admit(peer, at: door) { return wait }
                tallies.refusals.add(.openingRate)
                return nil
            },
            leave: { ticket.cancel() })
    }

    private func serve(_ channel: any Channel, _ origin: HTTPConnection.Origin) throws {
        let gate = RequestGate(headBytes: limits.headBytes, state.value.turnstile)
        let connection = HTTPConnection(self, gate, origin)
        var bounds = NIOHTTPDecoderLimitConfiguration()
        bounds.maxHeaderFieldCount = limits.headFields
        let decoder = ByteToMessageHandler(
            HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: bounds))
        try channel.pipeline.syncOperations.addHandlers([gate, decoder, HTTPResponseEncoder(), connection])
        connection.number = state.value.roll.enter(connection)
        counted()
    }

    /// Why a connection is refused.
    private enum Reason {
        case draining
        case unknown
        case full
        case peerLimit
        case userLimit(Int)
        case userRate
        case descriptors
    }

    private func refused(_ reason: Reason, isDeaf: Bool = false) -> Admission {
        let words: ByteBuffer
        var isForDescriptors = false
        switch reason {
        case .draining: words = ConnectionRefusal.draining
        case .unknown: words = ConnectionRefusal.unknown
        case .full:
            tallies.refused.add()
            words = ConnectionRefusal.full
        case .peerLimit:
            tallies.refusals.add(.peerLimit)
            words = ConnectionRefusal.full
        case .userLimit(let share):
            tallies.refusals.add(.userLimit)
            words = ConnectionRefusal.user(share)
        case .userRate:
            tallies.refusals.add(.userRate)
            words = ConnectionRefusal.rate
        case .descriptors:
            tallies.refusals.add(.descriptors)
            words = ConnectionRefusal.descriptors
            isForDescriptors = true
        }
        return .refused(Rejection(words: isDeaf ? nil : words, isForDescriptors: isForDescriptors))
    }
}
