// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Vitals

/// The answers of one connection, at once or later, and the errors among them.
extension SocketSession {
    /// Performs a call; `id` is the bytes of its id, nil for a notification.
    func perform(
        _ entry: MethodCatalog.Entry, _ id: UnsafeRawBufferPointer?, _ call: SocketCall,
        _ writer: inout JSONWriter
    ) {
        let mark = writer.bytes.count
        writer.splice(#"{"jsonrpc":"2.0","id":"#)
        if let id { writer.splice(id) }
        writer.splice(#","result":"#)
        do throws(SocketFault) {
            try hall.admit(entry, call)
            switch entry.answerer {
            case .session(let handler):
                guard id != nil else { throw .invalidRequest("\(entry.method.name) needs an id") }
                try handler.answer(call, of: self, into: &writer)
            case .call(let handler):
                switch try handler.answer(call, into: &writer) {
                case .written: break
                case .pushed(let receipt): hall.pushed(receipt, isNotification: id == nil)
                case .later(let begin):
                    writer.rewind(to: mark)
                    return wait(for: begin, entry, id)
                }
            }
            entry.succeeded.add()
            if id == nil { writer.rewind(to: mark) } else { writer.splice("}\n") }
        } catch {
            writer.rewind(to: mark)
            reject(error, id, entry: entry, &writer)
        }
    }

    /// Begins an answer that comes later; its id is kept until then.
    private func wait(
        for begin: (@escaping @Sendable (Result<[UInt8], SocketFault>) -> Void) -> Void,
        _ entry: MethodCatalog.Entry, _ id: UnsafeRawBufferPointer?
    ) {
        tickets += 1
        let ticket = tickets
        underWay[ticket] = (entry, id.map { Array($0) })
        let loop = hall.loop
        let session = NIOLoopBound(self, eventLoop: loop)
        begin { outcome in loop.execute { session.value.complete(ticket, outcome) } }
    }

    private func complete(_ ticket: UInt64, _ outcome: Result<[UInt8], SocketFault>) {
        // Unknown when the peer has gone, or when a handler answers twice.
        guard let (entry, id) = underWay.removeValue(forKey: ticket), let context else { return }
        var writer = JSONWriter(capacity: 256)
        switch outcome {
        case .success(let value):
            entry.succeeded.add()
            if let id {
                writer.splice(#"{"jsonrpc":"2.0","id":"#)
                id.withUnsafeBytes { writer.splice($0) }
                writer.splice(#","result":"#)
                value.withUnsafeBytes { writer.splice($0) }
                writer.splice("}\n")
            }
        case .failure(let fault):
            if let id {
                id.withUnsafeBytes { reject(fault, $0, entry: entry, &writer) }
            } else {
                reject(fault, nil, entry: entry, &writer)
            }
        }
        send(&writer, context)
        proceed(context)
    }

    /// Answers with an error, or counts it where the caller wants no answer.
    func reject(
        _ fault: SocketFault, _ id: UnsafeRawBufferPointer?, entry: MethodCatalog.Entry? = nil,
        _ writer: inout JSONWriter
    ) {
        if let entry { hall.refusedPush(entry.method) }
        if id == nil {
            hall.tallies.dropped("notification", fault.kind)
            hall.tallies.refused(entry?.method.name, fault.code)
        } else {
            refuse(fault, id: id, entry: entry, &writer)
        }
    }

    /// Answers with an error; without an id it carries `null`, as JSON-RPC wants it of unreadable requests.
    func refuse(
        _ fault: SocketFault, id: UnsafeRawBufferPointer?, entry: MethodCatalog.Entry? = nil,
        _ writer: inout JSONWriter
    ) {
        hall.tallies.refused(entry?.method.name, fault.code)
        writer.splice(#"{"jsonrpc":"2.0","id":"#)
        if let id { writer.splice(id) } else { writer.splice("null") }
        writer.splice(#","error":"#)
        fault.write(into: &writer)
        writer.splice("}\n")
    }

    /// Hands what was written to NIO, without a flush.
    @discardableResult
    func send(_ writer: inout JSONWriter, _ context: ChannelHandlerContext) -> Bool {
        guard !writer.bytes.isEmpty else { return false }
        var out = context.channel.allocator.buffer(capacity: writer.bytes.count)
        out.writeBytes(writer.bytes)
        writer.removeAll()
        context.write(wrapOutboundOut(out), promise: nil)
        if let loss = pendingLoss {
            pendingLoss = nil
            context.write(wrapOutboundOut(loss), promise: nil)
        }
        return true
    }
}
