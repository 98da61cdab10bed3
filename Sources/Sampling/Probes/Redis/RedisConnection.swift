// SPDX-License-Identifier: Apache-2.0

import Vitals

/// One connection to Redis, used without ever blocking beyond a countdown.
final class RedisConnection {
    /// INFO in one read, mostly.
    private static let bufferSize = 16 * 1024

    private let socket: StreamSocket
    private let reader: RedisReader

    private init(_ socket: StreamSocket, _ reader: RedisReader) {
        self.socket = socket
        self.reader = reader
    }

    /// Connects; says nothing yet.
    static func open(_ endpoint: Endpoint, _ countdown: Countdown) throws(RedisFailure) -> RedisConnection {
        guard let reader = RedisReader() else { throw .oversized }
        do throws(ConnectFailure) {
            return RedisConnection(try StreamSocket.connect(to: endpoint, countdown), reader)
        } catch .timeout {
            throw .timeout(.connect)
        } catch {
            throw .socket(error, .connect)
        }
    }

    /// What came back for requests that were sent in one go.
    struct Exchange {
        /// At least one.
        var replies: [RedisReply] = []
        /// When the first of them was there.
        var first: Instant
        /// Why there are fewer than were asked for; the ones that came count all the same.
        var cutShort: RedisFailure?
    }

    /// Sends requests in one go and reads their replies.
    ///
    /// When the first reply is not the `wanted` one, the others are not waited for: the connection is done with.
    /// A reply before its time (`-ERR max number of clients reached`, then the end) counts as the first one.
    func exchange(
        _ request: [UInt8], replies: Int, wanted: RedisReply? = nil, _ phase: ProbePhase,
        _ countdown: Countdown
    ) throws(RedisFailure) -> Exchange {
        reader.reset()
        do throws(ConnectFailure) {
            try socket.write(request, countdown)
        } catch .timeout {
            throw .timeout(phase)
        } catch {
            // Closed by the server; what it said before that can still be read.
        }
        var exchange = Exchange(first: countdown.time.now)
        do throws(RedisFailure) {
            try read(replies, wanted, into: &exchange, phase, countdown)
        } catch {
            if exchange.replies.isEmpty { throw error }
            exchange.cutShort = error
        }
        return exchange
    }

    private func read(
        _ count: Int, _ wanted: RedisReply?, into exchange: inout Exchange, _ phase: ProbePhase,
        _ countdown: Countdown
    ) throws(RedisFailure) {
        var bytes = 0
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.bufferSize, alignment: 1)
        defer { buffer.deallocate() }
        while exchange.replies.count < count {
            if let reply = try reader.next() {
                if exchange.replies.isEmpty { exchange.first = countdown.time.now }
                exchange.replies.append(reply)
                if exchange.replies.count == 1, let wanted, reply != wanted { return }
                continue
            }
            let length: Int
            do throws(ConnectFailure) {
                length = try socket.read(into: buffer, countdown)
            } catch .timeout {
                throw .timeout(phase)
            } catch {
                throw .socket(error, phase)
            }
            if length == 0 { throw .closed(phase) }
            bytes += length
            guard bytes <= RedisReader.byteLimit else { throw .oversized }
            try reader.feed(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<length]))
        }
    }
}
