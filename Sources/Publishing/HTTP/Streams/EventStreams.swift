// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Vitals

/// The open event streams of the server: who reads, and what they are told when health changes.
package final class EventStreams: Sendable {
    private struct Reader {
        let writer: StreamWriter
        let topics: Set<Subscribe.Topic>
        let client: RequestClient
        /// Changes up to this one are known to it.
        var heard: UInt64
    }

    private struct State {
        var readers: [UInt64: Reader] = [:]
        var opened: UInt64 = 0
    }

    /// Why there is no place for one more.
    enum Refusal: Error {
        /// All are taken.
        case full(Int)
        /// This client has its share.
        case client(Int)
    }

    private let board: Board
    private let limits: HTTPLimits
    private let unmeasured: @Sendable () -> [Unmeasured]
    private let state: NIOLoopBoundBox<State>
    private let open: TallyBook.Tally
    private let lost: TallyBook.Tally
    private let cut: TallyBook.Tally

    init(
        _ loop: any EventLoop, board: Board, limits: HTTPLimits, tallies: TallyBook,
        unmeasured: @escaping @Sendable () -> [Unmeasured]
    ) {
        self.board = board
        self.unmeasured = unmeasured
        self.limits = limits
        state = NIOLoopBoundBox.makeBoxSendingValue(State(), eventLoop: loop)
        open = tallies.tally(OwnFamilies.streams)
        lost = tallies.tally(OwnFamilies.dropped, [("what", "http_event"), ("reason", "slow_reader")])
        cut = tallies.tally(OwnFamilies.dropped, [("what", "http_connection"), ("reason", "slow_reader")])
        board.listen { [self] _, changes in
            guard !changes.isEmpty else { return }
            if loop.inEventLoop {
                announce(changes)
            } else {
                loop.execute { self.announce(changes) }
            }
        }
    }

    /// The stream of these topics for one more reader, which knows the changes up to `position`. On the loop.
    func stream(
        for client: RequestClient, _ topics: [Subscribe.Topic], after position: EventPosition?
    ) throws(Refusal) -> HTTPStream {
        let readers = state.value.readers
        guard readers.count < limits.streams else { throw .full(limits.streams) }
        guard readers.values.count(where: { $0.client == client }) < limits.streamsPerPeer else {
            throw .client(limits.streamsPerPeer)
        }
        return HTTPStream(ServerSentEvent.contentType, comment: ServerSentEvent.comment) { [self] writer in
            begin(writer, client, topics, position)
        }
    }

    private func begin(
        _ writer: StreamWriter, _ client: RequestClient, _ topics: [Subscribe.Topic],
        _ position: EventPosition?
    ) {
        let opening = board.opening(
            topics, since: position?.sequence, epoch: position?.epoch, unmeasured: unmeasured)
        let reply = opening.reply
        if let replay = reply.replay {
            writer.write(replay.map { event($0) })
        } else {
            var messages = [
                ServerSentEvent.message("snapshot", at: place(reply.sequence)) { reply.write(into: &$0) }
            ]
            if reply.lost { messages.append(loss(opening.missing, reply.sequence)) }
            writer.write(messages)
        }
        state.value.opened += 1
        let number = state.value.opened
        state.value.readers[number] = Reader(
            writer: writer, topics: Set(topics), client: client, heard: reply.sequence)
        open.set(Int64(state.value.readers.count))
        writer.loss = { [self] in loss($0, $1) }
        writer.whenEnded = { [self] in
            state.value.readers[number] = nil
            open.set(Int64(state.value.readers.count))
        }
    }

    /// Tells every reader of these changes. Each is written once, however many read it.
    private func announce(_ changes: [HealthChange]) {
        guard !state.value.readers.isEmpty else { return }
        for change in changes {
            let view = ChangeView(change)
            let topic = view.topic
            let event = event(view)
            for (number, reader) in state.value.readers
            where reader.topics.contains(topic) && reader.heard < change.sequence {
                state.value.readers[number]?.heard = change.sequence
                switch reader.writer.offer(event, sequence: change.sequence) {
                case .taken: break
                case .lost: lost.add()
                case .cut: cut.add()
                }
            }
        }
    }

    private func event(_ change: ChangeView) -> ByteBuffer {
        ServerSentEvent.message(at: place(change.sequence)) { data in
            data.object { change.writeMembers(epoch: board.epoch, into: &$0) }
        }
    }

    /// Carries no id: a reader that comes again with the last one that it got is sent what it missed.
    private func loss(_ count: Int?, _ sequence: UInt64) -> ByteBuffer {
        ServerSentEvent.message(at: nil) { data in
            data.object { Subscribe.writeLoss(count, sequence: sequence, epoch: board.epoch, into: &$0) }
        }
    }

    private func place(_ sequence: UInt64) -> EventPosition {
        EventPosition(epoch: board.epoch, sequence: sequence)
    }
}
